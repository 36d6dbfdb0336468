import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection

from trading.bots import tokens
from trading.management.commands import create_bot
from trading.models import Bot, BotToken, CandleBlock, RenkoBrick, RollupDay, Trade


@pytest.mark.django_db
def test_a_new_bot_gets_a_token_that_works_and_is_kept_only_as_a_digest(run):
    made = run("create_bot", "grid 1", "--json")
    token = tokens.verify(made["token"])
    assert (token.bot.name, token.scope) == ("grid 1", "bot")
    stored = BotToken.objects.values().get()
    assert made["token"] not in map(str, stored.values())


@pytest.mark.django_db
def test_further_tokens_have_a_scope_and_may_expire(run, bot):
    made = run("create_token", "ref", "--scope", "read", "--expires", "2999-01-01", "--json")
    token = tokens.verify(made["token"])
    assert (token.scope, token.expires_at.year) == ("read", 2999)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("create_bot", "ref"), "already"),
        (("create_bot", "a/b"), "letters, digits"),
        (("create_bot", ""), "blank"),
        (("create_token", "nobody", "--scope", "read"), 'no bot is named "nobody"'),
        (("create_token", "ref", "--scope", "read", "--expires", "2001-01-01"), "has passed"),
        (("create_token", "ref", "--scope", "read", "--expires", "soon"), "is not a time"),
        (("create_token", "ref", "--scope", "king"), "invalid choice"),
    ],
)
def test_bad_input_gets_one_clear_line_and_makes_nothing(run, bot, args, says):
    with pytest.raises(CommandError) as error:
        run(*args)
    assert says in str(error.value)
    assert Bot.objects.count() == 1
    assert not BotToken.objects.exists()


@pytest.mark.django_db
def test_rebuilding_says_what_it_counted(imported, run):
    rows = run("rebuild_rollups", "--json")
    counted = {row["strategy"]: row["trades"] for row in rows}
    assert counted == {"renko_ao": 2080, "rsi_bb": 236, "breakout": 0}


def test_a_bot_is_deleted_with_all_that_is_its_own_and_only_by_its_name_said_twice(imported, run):
    other = Bot.objects.create(name="other")
    with pytest.raises(CommandError, match="nothing was deleted"):
        run("delete_bot", "ref", "--yes", "other")
    assert run("delete_bot", "ref", "--yes", "ref", "--json") == {"bot": "ref", "trades": 2316}
    assert list(Bot.objects.all()) == [other]
    assert not any(model.objects.exists() for model in (Trade, RollupDay, RenkoBrick, CandleBlock))


@pytest.mark.django_db
def test_a_database_without_tables_is_said_in_one_line(run, monkeypatch):
    def fail(*_, **__):
        raise OperationalError("no such table: trading_bot")

    monkeypatch.setattr(create_bot.Command, "handle", fail)
    monkeypatch.setattr(connection.introspection, "table_names", list)
    with pytest.raises(CommandError, match=r"has no tables yet: run 'python3 manage\.py up' first"):
        run("create_bot", "b")

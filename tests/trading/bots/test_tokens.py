import string
from datetime import UTC, datetime, timedelta

import pytest

from trading import clock
from trading.bots import tokens
from trading.models import Bot, BotToken

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    return Bot.objects.create(name="alpha")


def test_a_token_opens_its_bot_and_only_its_digest_is_kept(bot):
    token, secret = tokens.issue(bot, "bot")
    assert tokens.verify(secret) == token
    row = BotToken.objects.filter(pk=token.pk).values().get()
    assert all(secret not in str(value) for value in row.values())
    assert row["digest"] == tokens.digest(secret)


def test_a_token_has_a_mark_and_256_random_bits(bot):
    made = {tokens.issue(bot, "read")[1] for _ in range(20)}
    assert len(made) == 20
    for secret in made:
        assert secret.startswith("sl_")
        assert len(secret) == 3 + 43
        assert set(secret) <= set(string.ascii_letters + string.digits + "_-")


def test_what_is_kept_readable_of_a_token_is_its_beginning(bot):
    token, secret = tokens.issue(bot, "bot")
    assert secret.startswith(token.prefix)
    assert len(token.prefix) < 12


@pytest.mark.parametrize("text", ["", "sl_", "nonsense", "sl_" + "a" * 43, "x" * 10_000, "\ud800"])
def test_a_text_that_is_no_token_opens_nothing(bot, text):
    tokens.issue(bot, "bot")
    assert tokens.verify(text) is None


def test_a_digest_does_not_open_what_its_token_opens(bot):
    token, _ = tokens.issue(bot, "bot")
    assert tokens.verify(token.digest) is None


def test_a_token_ends_at_its_expiry(bot):
    with clock.at(NOON):
        _, secret = tokens.issue(bot, "bot", NOON + timedelta(hours=1))
    with clock.at(NOON + timedelta(minutes=59)):
        assert tokens.verify(secret)
    with clock.at(NOON + timedelta(hours=1)):
        assert tokens.verify(secret) is None


def test_an_expiry_in_the_past_is_refused(bot):
    with clock.at(NOON), pytest.raises(tokens.Refused, match="passed"):
        tokens.issue(bot, "bot", NOON)


def test_an_unknown_scope_is_refused_with_those_there_are(bot):
    with pytest.raises(tokens.Refused, match="bot, read, operate"):
        tokens.issue(bot, "root")


def test_a_revoked_token_opens_nothing_and_keeps_the_moment_of_its_end(bot):
    token, secret = tokens.issue(bot, "bot")
    with clock.at(NOON):
        assert tokens.revoke(BotToken.objects.filter(pk=token.pk)) == 1
    assert tokens.revoke(BotToken.objects.filter(pk=token.pk)) == 0
    assert tokens.verify(secret) is None
    token.refresh_from_db()
    assert token.revoked_at == NOON


def test_the_last_use_is_written_at_most_once_a_minute(bot, django_assert_num_queries):
    with clock.at(NOON):
        token, secret = tokens.issue(bot, "bot")
        tokens.verify(secret)
    with clock.at(NOON + timedelta(seconds=59)), django_assert_num_queries(1):
        tokens.verify(secret)
    token.refresh_from_db()
    assert token.last_used_at == NOON
    later = NOON + timedelta(seconds=60)
    with clock.at(later), django_assert_num_queries(2):
        tokens.verify(secret)
    token.refresh_from_db()
    assert token.last_used_at == later

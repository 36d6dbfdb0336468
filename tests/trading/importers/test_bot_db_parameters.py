from __future__ import annotations

import pytest

from tests.trading.story import MONDAY, NOW, make_bot, rebuilt, sums
from trading import clock
from trading.importers import bot_db
from trading.importers.bot_db import Unreadable
from trading.models import Bot, ParameterSet, Trade

from .files import T, dump, row, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    with clock.at(NOW):
        yield make_bot()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bot.db"


VALUES = {"mean_reversion": {"max_hold_minutes": 5}}


def test_trades_entered_from_then_on_count_under_the_imported_set(bot, path):
    write(path, trades=[row("trades", entry_time=T - 10), row("trades", entry_time=T + 10)])
    report = bot_db.run(path, bot, parameters=VALUES, valid_from=MONDAY)
    assert report.parameter_sets == 1
    before, after = Trade.objects.order_by("entry_at")
    assert before.parameter_set is None
    assert after.parameter_set.values["max_hold_minutes"] == 5
    assert (after.parameter_set.origin, after.parameter_set.instance.name) == ("import", "rsi_bb")
    assert sums(bot) == rebuilt(bot)


def test_a_second_import_adds_no_set(bot, path):
    write(path, trades=[row("trades")])
    bot_db.run(path, bot, parameters=VALUES, valid_from=MONDAY)
    before = dump(bot)
    again = bot_db.run(path, bot, parameters=VALUES, valid_from=MONDAY)
    assert again.parameter_sets == 0
    assert dump(bot) == before


def test_another_set_for_the_same_moment_is_refused(bot, path):
    write(path, trades=[])
    bot_db.run(path, bot, parameters=VALUES, valid_from=MONDAY)
    other = {"rsi_bb": {"max_hold_minutes": 6}}
    with pytest.raises(Unreadable, match="another set"):
        bot_db.run(path, bot, parameters=other, valid_from=MONDAY)


def test_the_set_added_after_the_trades_takes_them_over(bot, path):
    write(path, trades=[row("trades")])
    bot_db.run(path, bot)
    assert Trade.objects.get().parameter_set is None
    bot_db.run(path, bot, parameters=VALUES, valid_from=MONDAY)
    assert Trade.objects.get().parameter_set.values["max_hold_minutes"] == 5
    assert sums(bot) == rebuilt(bot)


def test_bad_values_change_nothing(bot, path):
    write(path, trades=[row("trades")])
    with pytest.raises(ValueError, match="max_hold_minutes"):
        bot_db.run(path, bot, parameters={"rsi_bb": {"max_hold_minutes": -1}}, valid_from=MONDAY)
    assert not Trade.objects.exists()
    assert ParameterSet.objects.filter(origin="import").count() == 0

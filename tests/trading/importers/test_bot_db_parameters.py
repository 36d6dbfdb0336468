from __future__ import annotations

import pytest

from tests.trading.story import MONDAY, NOW, make_bot, rebuilt, sums
from trading import clock
from trading.importers import Unreadable
from trading.importers.bot_db import BotDatabase
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
    report = BotDatabase(VALUES, MONDAY).run(path, bot)
    assert report.of("parameter_sets").stored == 1
    before, after = Trade.objects.order_by("entry_at")
    assert before.parameter_set is None
    assert after.parameter_set.values["max_hold_minutes"] == 5
    assert (after.parameter_set.origin, after.parameter_set.instance.name) == ("import", "rsi_bb")
    assert sums(bot) == rebuilt(bot)


def test_a_second_import_adds_no_set(bot, path):
    write(path, trades=[row("trades")])
    BotDatabase(VALUES, MONDAY).run(path, bot)
    before = dump(bot)
    again = BotDatabase(VALUES, MONDAY).run(path, bot)
    assert again.of("parameter_sets").stored == 0
    assert dump(bot) == before


def test_another_set_for_the_same_moment_is_refused(bot, path):
    write(path, trades=[])
    BotDatabase(VALUES, MONDAY).run(path, bot)
    other = {"rsi_bb": {"max_hold_minutes": 6}}
    with pytest.raises(Unreadable, match="another set"):
        BotDatabase(other, MONDAY).run(path, bot)


def test_the_set_added_after_the_trades_takes_them_over(bot, path):
    write(path, trades=[row("trades")])
    BotDatabase().run(path, bot)
    assert Trade.objects.get().parameter_set is None
    BotDatabase(VALUES, MONDAY).run(path, bot)
    assert Trade.objects.get().parameter_set.values["max_hold_minutes"] == 5
    assert sums(bot) == rebuilt(bot)


def test_bad_values_change_nothing(bot, path):
    write(path, trades=[row("trades")])
    with pytest.raises(ValueError, match="max_hold_minutes"):
        BotDatabase({"rsi_bb": {"max_hold_minutes": -1}}, MONDAY).run(path, bot)
    assert not Trade.objects.exists()
    assert ParameterSet.objects.filter(origin="import").count() == 0

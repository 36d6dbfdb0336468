from __future__ import annotations

import pytest

from trading import clock, ingest, outcomes

from .story import MONDAY_SECONDS, NOW, WEDNESDAY_NOON, make_bot, trade, two_sets

pytestmark = pytest.mark.django_db
DAY = 86_400


def results(first_day: int, days: int, a_day: int, gains, mark: str, **changes) -> list:
    """``a_day`` trades on each of some days, whose PnL in percent are ``gains`` over and over."""
    made = []
    for number in range(days * a_day):
        closed = MONDAY_SECONDS + (first_day + number // a_day) * DAY + 3600 * (number % a_day + 1)
        gain = gains[number % len(gains)]
        made.append(
            trade(
                id=f"{mark}-{number}", entry_time=closed - 60, exit_time=closed,
                entry_price=100, exit_price=100 + gain, **changes,
            )
        )  # fmt: skip
    return made


@pytest.fixture
def bot():
    bot = make_bot()
    two_sets(bot)
    return bot


def of(bot, **asked):
    return outcomes.of_changes(bot.instances.get(), **asked)


def test_a_change_tells_the_trades_of_the_set_before_and_of_its_own(bot):
    with clock.at(NOW):
        ingest.store_trades(bot, results(0, 2, 8, [1, -2], "a") + results(3, 5, 8, [1, 0.5], "b"))
        change, first = of(bot)
    assert (change.before.version, change.after.version) == (1, 2)
    assert (change.changed_at, change.until, change.closed) == (WEDNESDAY_NOON, None, False)
    assert (change.trades_before, change.trades_after) == (16, 40)
    assert change.performance_before == pytest.approx(-0.5)
    assert change.performance_after == pytest.approx(0.75)
    assert change.effect.difference == pytest.approx(1.25)
    assert [(row["name"], row["new"]) for row in change.rows] == [("max_hold_minutes", 5)]
    assert (first.before, first.trades_before, first.trades_after) == (None, None, 16)
    assert first.verdict.word is None and "first" in first.verdict.sentence

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.trading.story import (
    MONDAY,
    MONDAY_SECONDS,
    NOW,
    WEDNESDAY_NOON,
    correction,
    make_bot,
    trade,
)
from tests.trading.story import two_sets as make_two_sets
from trading import clock, ingest, parameters
from trading.models import Origin, Trade
from trading.parameters import outcomes
from trading.parameters.outcomes import of_changes
from trading.performance import measure
from trading.performance.selection import Selection

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
                id=f"{mark}-{number}",
                entry_time=closed - 60,
                exit_time=closed,
                entry_price=100,
                exit_price=round(100 + gain, 6),
                **changes,
            )
        )
    return made


@pytest.fixture
def bot():
    """Two sets: the first from Monday, the second from Wednesday noon."""
    bot = make_bot()
    make_two_sets(bot)
    with clock.at(NOW):
        yield bot


def push(bot, *trades):
    assert ingest.store_trades(bot, [one for some in trades for one in some]).rejected == []


def of(bot, **asked):
    return of_changes(bot.instances.get(), **asked)


def change_at(bot, at, **values):
    with clock.at(at):
        return parameters.promote(
            instance=bot.instances.get(), values=values, reason="Next", origin=Origin.ADMIN
        )


def test_a_change_tells_the_trades_of_the_set_before_and_of_its_own(bot):
    push(bot, results(0, 2, 8, [1, -2], "a"), results(3, 5, 8, [1, 0.5], "b"))
    change, first = of(bot)
    assert (change.before.version, change.after.version) == (1, 2)
    assert (change.changed_at, change.until, change.closed) == (WEDNESDAY_NOON, None, False)
    assert (change.trades_before, change.trades_after) == (16, 40)
    assert change.performance_before == pytest.approx(-0.5)
    assert change.performance_after == pytest.approx(0.75)
    assert change.effect.difference == pytest.approx(1.25)
    assert [(row["name"], row["new"]) for row in change.rows] == [("max_hold_minutes", 5)]
    assert (first.before, first.trades_before, first.trades_after) == (None, None, 16)
    assert first.verdict.word is None and "First known version" in first.verdict.sentence


def test_the_metrics_are_those_of_each_version_to_the_last_digit(bot):
    push(bot, results(0, 2, 7, [1, -2], "a"), results(3, 5, 8, [1, 0.5, 0.1], "b"))
    change = of(bot)[0]
    for metrics, version in ((change.before_metrics, 1), (change.after_metrics, 2)):
        (group,) = measure(Selection(bot=bot, version=version))
        of_it = {name: group.metrics[name] for name in metrics}
        assert metrics == of_it
        assert metrics["sharpe"] is not None


def test_before_thirty_trades_the_outcome_says_how_many_there_are(bot):
    push(bot, results(0, 2, 8, [1, -2], "a"), results(3, 3, 4, [1], "b"))
    change = of(bot)[0]
    assert (change.trades_after, change.enough_data, change.performance_after) == (12, False, None)
    assert change.verdict.word == "cannot tell yet"
    assert change.verdict.sentence == "Not enough data: 12 of 30 trades."
    assert change.verdict.more_trades == 18
    push(bot, results(3, 3, 6, [1], "c"))
    change = of(bot)[0]
    assert (change.trades_after, change.enough_data) == (30, True)
    assert change.performance_after == pytest.approx(1)


def test_how_many_trades_it_takes_is_a_setting(bot, settings):
    settings.OUTCOME_TRADES = 5
    push(bot, results(0, 2, 8, [1, -2], "a"), results(3, 3, 4, [1], "b"))
    assert of(bot)[0].performance_after == pytest.approx(1)


def test_the_next_change_closes_an_outcome_and_late_trades_still_correct_it(bot):
    late = results(3, 2, 4, [1, 2], "b")
    push(bot, results(0, 2, 8, [1, -2], "a"), late[:6])
    change_at(bot, MONDAY + timedelta(days=6), rsi_period=9)
    push(bot, results(6, 2, 8, [-5], "c"))
    closed = of(bot)[1]
    assert (closed.closed, closed.until) == (True, MONDAY + timedelta(days=6))
    assert (closed.trades_after, closed.performance_after) == (6, pytest.approx(1.5))
    assert closed.verdict.sentence == "Not enough data: the next change came after 6 trades."
    newest = of(bot)[0]
    assert newest.performance_before == closed.performance_after
    push(bot, results(8, 1, 8, [7], "d"))
    assert of(bot)[1].performance_after == pytest.approx(1.5), "others do not move it"
    push(bot, late[6:], [correction(late[0], 1, exit_price=105)])
    assert of(bot)[1].trades_after == 8
    assert of(bot)[1].performance_after == pytest.approx((5 + 2 * 4 + 1 * 3) / 8)


@pytest.mark.parametrize(
    ("after", "word", "verb"),
    [([2, 1.5, 2.5, 2], "better", "rose"), ([-4, -3.5, -3, -4.5], "worse", "fell")],
)
def test_what_chance_does_not_explain_is_better_or_worse(bot, after, word, verb):
    push(bot, results(0, 2, 9, [1, -2, 0.5, 0.25, 1], "a"), results(3, 6, 9, after, "b"))
    verdict = of(bot)[0].verdict
    assert verdict.word == word and verb in verdict.sentence


def test_what_chance_explains_says_how_many_more_trades_would_tell(bot):
    push(bot, results(0, 2, 9, [1, -2, 0.5, 0.4, 0.2, 0.1, 1], "a"))
    push(bot, results(3, 6, 9, [1, -1.7, 0.7, 0.4, -0.4, 2], "b"))
    change = of(bot)[0]
    low, high = change.effect.interval()
    assert low < 0 < high
    assert change.verdict.word == "cannot tell yet"
    assert change.verdict.more_trades or "cannot become significant" in change.verdict.sentence
    wide, narrow = change.effect.interval(0.95), change.effect.interval(0.9)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_without_two_days_on_each_side_there_is_no_interval(bot):
    push(bot, results(0, 1, 9, [1, -2], "a"), results(3, 6, 9, [1, 2, 3], "b"))
    change = of(bot)[0]
    assert change.effect.interval() is None
    assert "at least 2 days" in change.verdict.sentence


def test_without_trades_before_there_is_nothing_to_compare_with(bot):
    push(bot, results(3, 6, 9, [1, 2, 3], "b"))
    change = of(bot)[0]
    assert (change.trades_before, change.performance_before, change.effect) == (0, None, None)
    assert "nothing to compare" in change.verdict.sentence


def test_a_set_that_was_live_for_a_moment_does_not_end_the_comparison(bot):
    push(bot, results(0, 2, 8, [1, -2], "a"), results(3, 3, 8, [1, 0.5], "b"))
    change_at(bot, MONDAY + timedelta(days=6), rsi_period=3)
    change_at(bot, MONDAY + timedelta(days=6, seconds=1), rsi_period=9)
    push(bot, results(7, 1, 8, [2], "d"))
    newest, slip, _, _ = of(bot)
    assert (newest.before.version, newest.compared.version) == (3, 2)
    assert (newest.trades_before, newest.performance_before) == (24, pytest.approx(0.75))
    assert newest.rows[0]["old"] == 3, "what changed is told against the set right before"
    assert (slip.compared.version, slip.trades_after) == (2, 0)


def test_without_any_trades_nothing_is_zero_in_disguise(bot):
    change = of(bot)[0]
    assert (change.before_metrics, change.after_metrics, change.effect) == (None, None, None)
    assert (change.performance_before, change.performance_after) == (None, None)
    assert (change.trades_before, change.trades_after) == (0, 0)


def test_paper_trades_are_counted_apart(bot):
    push(bot, results(3, 5, 8, [1], "p", mode="paper"))
    assert [one.mode for one in of(bot)] == ["paper", "paper"]
    assert of(bot)[0].trades_after == 40
    assert of(bot, mode="live")[0].trades_after == 0
    push(bot, results(3, 5, 1, [2], "l"))
    assert (of(bot)[0].mode, of(bot)[0].trades_after) == ("live", 5)


def test_what_came_later_than_as_of_does_not_count(bot):
    push(bot, results(0, 2, 8, [1, -2], "a"), results(3, 6, 8, [1, 2], "b"))
    assert of(bot, as_of=MONDAY + timedelta(days=6))[0].trades_after == 24
    (first,) = of(bot, as_of=MONDAY + timedelta(days=1))
    assert (first.after.version, first.closed, first.trades_after) == (1, False, 8)


def test_sets_recorded_later_stand_where_they_were_live(bot):
    with clock.at(NOW):
        parameters.promote(
            instance=bot.instances.get(),
            values={"rsi_period": 20},
            reason="From the log",
            origin=Origin.IMPORT,
            live_from=MONDAY + timedelta(days=1),
        )
    push(bot, results(0, 2, 8, [1, -2], "a"))
    assert [one.after.version for one in of(bot)] == [2, 3, 1]
    assert [(one.before.version if one.before else None) for one in of(bot)] == [3, 1, None]
    assert [one.trades_after for one in of(bot)] == [0, 8, 8]


def test_the_first_set_known_is_followed_where_assumed_defaults_were_dropped():
    bot = make_bot()
    with clock.at(NOW):
        instance = parameters.instance_for(bot, "rsi_bb")
        made = parameters.promote(
            instance=instance,
            values={"rsi_period": 20},
            reason="From the log",
            origin=Origin.IMPORT,
            live_from=MONDAY,
        )
        (only,) = of_changes(instance)
    assert (only.after, only.before) == (made, None)
    assert {row["old"] for row in only.rows} == {None}


def test_currencies_are_measured_together_in_percent_and_apart_in_money(bot):
    push(bot, results(3, 5, 4, [1], "u"), results(3, 5, 4, [2], "e", currency="EUR"))
    change = of(bot)[0]
    assert (change.trades_after, change.performance_after) == (40, pytest.approx(1.5))
    assert change.after_metrics["total_pnl"].keys() == {"USD", "EUR"}


def test_an_outcome_is_read_from_sums_and_never_from_trades(bot):
    push(bot, results(0, 2, 8, [1, -2], "a"), results(3, 6, 8, [1, 2], "b"))
    for number in range(10):
        change_at(bot, NOW + timedelta(hours=number), rsi_period=5 + number)
    with CaptureQueriesContext(connection) as queries:
        found = of(bot)
        assert len(found) == 12 and found[0].verdict
    read = [one["sql"] for one in queries]
    assert not any(Trade._meta.db_table in sql for sql in read)
    assert len(read) <= 9, "not one more for another change"


def test_the_warning_names_regression_to_the_mean():
    from trading.parameters.verdict import WARNING

    assert "bad stretch" in WARNING and outcomes.METHOD == "naive before/after"

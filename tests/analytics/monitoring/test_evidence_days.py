"""Arm days and the facts of days follow from the trades, whatever way these came in."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from analytics import frames
from analytics.models import ArmDay, TradeDay
from analytics.monitoring import evidence_days
from tests.analytics import history
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY, correction, make_bot, two_sets
from trading import clock
from trading.clock import DAY as MICROS

pytestmark = pytest.mark.django_db
FIRST = clock.to_micros(MONDAY) // MICROS
FIELDS = ("instance", "parameter_set", "source", "day", "n", "sum_u", "sum_u2")
FACTS = (
    "instance",
    "mode",
    "day",
    "trades",
    "reasons",
    "fees_pct",
    "fees_known",
    "after_loss",
    "lost_again",
    "longest_streak",
    "ends_in_streak",
)


def build(bot, at):
    with clock.at(at):
        return evidence_days.build(bot.pk, at, frames.subjects(bot.pk))


def rows() -> tuple[list, list]:
    arms = sorted(ArmDay.objects.values_list(*FIELDS), key=repr)
    return arms, sorted(TradeDay.objects.values_list(*FACTS), key=repr)


@pytest.fixture
def bot(db):
    return make_bot()


def test_a_day_worked_by_hand(bot):
    results = (2.0, -1.0, -0.5, -0.25, 0.0, 1.0)
    keep(
        bot,
        [
            closed(
                at,
                MONDAY + timedelta(hours=1 + at),
                result,
                ("tp", "sl")[result < 0],
                fee=0.05 if at % 2 else None,
                stop_loss=98 if at < 3 else 99,
            )
            for at, result in enumerate(results)
        ],
    )
    assert build(bot, MONDAY + DAY) == 1
    (arm,), (day,) = ArmDay.objects.all(), TradeDay.objects.all()
    # The stop is 2 % away for the first three, then 1 %.
    u = [1.0, -0.5, -0.25, -0.25, 0.0, 1.0]
    assert (arm.n, arm.day, arm.source, arm.parameter_set) == (6, FIRST, "live", None)
    # A trade without fee has its PnL from prices; those with one pay .05 of 100.
    u = [u[0], u[1] - 0.05 / 2, u[2], u[3] - 0.05, u[4], u[5] - 0.05]
    assert arm.sum_u == pytest.approx(sum(u))
    assert arm.sum_u2 == pytest.approx(sum(x * x for x in u))
    assert day.reasons == {"tp": 3, "sl": 3}
    assert (day.fees_known, day.fees_pct) == (3, pytest.approx(0.15))
    # Lost: no, yes, yes, yes, no, no (just).
    assert (day.after_loss, day.lost_again) == (3, 2)
    assert (day.longest_streak, day.ends_in_streak) == (3, 0)


def test_a_day_is_built_when_it_is_over_and_once(bot):
    keep(bot, history.days(3))
    assert build(bot, MONDAY + timedelta(hours=23)) == 0
    assert build(bot, MONDAY + 2 * DAY) == 2
    assert build(bot, MONDAY + 2 * DAY) == 0
    assert build(bot, MONDAY + 3 * DAY) == 1
    assert TradeDay.objects.count() == 3


def test_without_a_stop_results_count_in_the_scale_of_the_trades_before(bot):
    trades = history.days(5, stop_loss=None, fee=None)
    keep(bot, trades)
    build(bot, MONDAY + 5 * DAY)
    arms = list(ArmDay.objects.order_by("day"))
    # 16 trades come before the third day, which are too few; 24 before the fourth.
    assert [arm.day - FIRST for arm in arms] == [3, 4]
    r = np.array([float(trade.exit_price) - 100 for trade in trades])
    sd = np.std(r[:24], ddof=1)
    assert arms[0].sum_u == pytest.approx(r[24:32].sum() / sd)
    assert arms[0].sum_u2 == pytest.approx(np.square(r[24:32] / sd).sum())


def test_each_parameter_set_is_an_arm_and_paper_is_another_source(bot):
    first, second = two_sets(bot)
    keep(bot, history.days(5) + history.days(5, first=1000, mode="paper", seed=2))
    build(bot, MONDAY + 5 * DAY)
    live = ArmDay.objects.filter(source="live").values_list("day", "parameter_set", "n")
    by_day = {}
    for day, arm, n in live:
        by_day.setdefault(day - FIRST, {})[arm] = n
    assert by_day[0] == {first.pk: 8} and by_day[4] == {second.pk: 8}
    assert by_day[2] == {first.pk: 4, second.pk: 4}  # Wednesday noon
    assert ArmDay.objects.filter(source="paper").count() == 6


def test_days_are_the_same_whether_trades_came_in_order_late_or_all_at_once(bot):
    trades = history.days(12, stop_loss=None)
    keep(bot, trades)
    build(bot, MONDAY + 12 * DAY)
    wanted = rows()
    for other in ("late", "hourly"):
        bot.delete()
        bot = make_bot(other)
        shuffled = list(trades)
        np.random.default_rng(3).shuffle(shuffled)
        for day in range(1, 13):
            keep(bot, shuffled[(day - 1) * 8 : day * 8])
            build(bot, MONDAY + day * DAY)
        build(bot, MONDAY + 12 * DAY)
        assert [row[1:] for row in rows()[0]] == [row[1:] for row in wanted[0]]
        assert [row[1:] for row in rows()[1]] == [row[1:] for row in wanted[1]]


@pytest.mark.parametrize("change", [{"exit_price": 90}, {"stop_loss": 95}, {"exit_reason": "x"}])
def test_a_correction_changes_its_day_also_where_the_sums_stay(bot, change):
    trades = history.days(6)
    keep(bot, trades)
    at = MONDAY + 6 * DAY
    build(bot, at)
    before = rows()
    with clock.at(at + timedelta(hours=1)):
        keep(bot, [correction(trades[20], 1, **change)])
    build(bot, at + timedelta(hours=1))
    changed = rows()
    assert changed != before
    assert {row[3] for row in changed[0]} == {row[3] for row in before[0]}
    with clock.at(at + timedelta(hours=1)):
        evidence_days.recompute(bot.pk, at, frames.subjects(bot.pk))
    assert rows() == changed


def test_all_evidence_computed_anew_is_the_same_to_the_bit(bot):
    elsewhere = {"market": "ETH", "currency": "EUR"}
    keep(bot, history.days(20, stop_loss=None) + history.days(20, first=5000, seed=4, **elsewhere))
    for day in range(3, 21, 3):
        build(bot, MONDAY + day * DAY)
    build(bot, MONDAY + 20 * DAY)
    stored = rows()
    evidence_days.recompute(bot.pk, MONDAY + 20 * DAY, frames.subjects(bot.pk))
    assert rows() == stored
    assert len(stored[1]) == 20


def test_trades_that_are_gone_take_their_days_along(bot):
    keep(bot, history.days(3))
    build(bot, MONDAY + 3 * DAY)
    bot.delete()
    assert rows() == ([], [])

"""The breakdown of stored trades by what was known at their entry."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import numpy as np
import pytest

from analytics import frames
from analytics.frames import context as frames_context
from analytics.insights import breakdown, features
from analytics.models import ArmDay
from analytics.monitoring import evidence_days
from analytics.quant import r_units
from tests.analytics import history
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY, make_bot
from trading import clock, performance
from trading.bots import catalog
from trading.models import Mode
from trading.performance.selection import Selection

pytestmark = pytest.mark.django_db
LATE = MONDAY + 400 * DAY


@pytest.fixture
def bot(db):
    return make_bot()


def place(bot, name="rsi_bb", mode="live"):
    (found,) = [one for one in frames.subjects(bot.pk) if (one.name, one.mode) == (name, mode)]
    return found.instance, mode


def of(bot, since=None, until=LATE, as_of=LATE, **where):
    return breakdown.breakdown(*place(bot, **where), since, until, as_of)


def told(bot, count=60, **more):
    """Trades whose RSI decides what they make, and whose hour does not."""
    rng = np.random.default_rng(3)
    trades = []
    for number in range(count * 8):
        day, at = divmod(number, 8)
        moment = MONDAY + day * DAY + timedelta(hours=3 * at + 1)
        rsi = float(rng.uniform(10, 90))
        result = rng.normal(0.9 if rsi < 25 else 0.0, 1.0)
        context = {"rsi_value": rsi, "bb_position": float(rng.uniform()), "volatility_bps": 5.0}
        trades.append(closed(number, moment, result, context=context, **more))
    keep(bot, trades)


def bounds(setup):
    return {one.feature: (one.low, one.high, one.value) for one in setup.conditions}


def test_a_setup_that_lasts_is_named_with_its_numbers(bot):
    told(bot)
    found = of(bot)
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert (found.verdict, found.unit, found.trades, found.days) == ("named", "u", 480, 60)
    best = found.best[0]
    assert best.named and best.wrong_sign < 0.10 and best.low >= 0
    assert 0 < best.shrunk <= best.excess
    assert list(bounds(best)) == ["rsi_value"]
    # Named pairs of it with anything else say no more, and are only listed.
    assert len(found.best) == 1 and any(one.named and one.better for one in found.pairs)
    (rsi,) = [one for one in found.singles["rsi_value"] if one.named and one.shrunk > 0]
    assert bounds(rsi)["rsi_value"][0] is None
    assert rsi.metrics["avg_pnl_pct"] > found.metrics["avg_pnl_pct"]
    assert rsi.needed < found.needed
    # So few win rates differ that this one is taken for the common one.
    assert rsi.win_rate_shrunk == pytest.approx(found.metrics["win_rate"], abs=0.01)
    assert rsi.win_rate_shrunk < rsi.metrics["win_rate"]
    assert not any(one.named for one in found.singles["entry_hour"])


def test_where_nothing_differs_none_is_distinguishable_and_it_says_how_many_trades_would_tell(bot):
    keep(bot, history.days(40, mean=0.0))
    found = of(bot)
    assert (found.verdict, found.best, found.worst) == ("none", (), ())
    assert found.looked > 10 and found.needed == 349


def test_a_bucket_has_the_metrics_of_the_same_trades_anywhere_else(bot):
    told(bot)
    found = of(bot, MONDAY, MONDAY + 60 * DAY)
    chosen = Selection(bot=bot, mode=Mode.LIVE, since=MONDAY, until=MONDAY + 60 * DAY)
    with clock.at(LATE):
        groups = performance.measure(chosen, "feature:entry_day_of_week")
        whole = performance.measure(chosen)[0]
    names = (
        "trades",
        "win_rate",
        "avg_pnl_pct",
        "profit_factor",
        "max_drawdown_pct",
        "sharpe",
        "total_pnl_pct",
        "avg_pnl_pct_interval",
        "win_rate_interval",
    )
    assert len(groups) == 7
    for group, setup in zip(groups, found.singles["entry_day_of_week"], strict=True):
        for name in names:
            assert setup.metrics[name] == pytest.approx(group.metrics[name]), name
    for name in names:
        assert found.metrics[name] == pytest.approx(whole.metrics[name]), name


def test_results_are_those_of_the_arm_days(bot):
    told(bot, 30, stop_loss=None)
    keep(bot, history.days(5, start=MONDAY + 30 * DAY, first=1_000))
    since, until = MONDAY + 10 * DAY, MONDAY + 35 * DAY
    with clock.at(until):
        evidence_days.build(bot.pk, until, frames.subjects(bot.pk))
    found = of(bot, since, until)
    arms = ArmDay.objects.filter(day__gte=clock.to_micros(since) // clock.DAY)
    assert found.judged_trades == sum(one.n for one in arms) == 25 * 8
    assert found.mean * 200 == pytest.approx(sum(one.sum_u for one in arms))


def test_without_a_scale_results_are_counted_in_percent(bot):
    keep(
        bot, [closed(at, MONDAY + at * timedelta(hours=1), 1.0, stop_loss=None) for at in range(15)]
    )
    found = of(bot)
    assert (found.unit, found.judged_trades, found.verdict) == ("pct", 15, "too_few")


def test_how_a_trade_ended_is_described_and_never_named(bot):
    rng = np.random.default_rng(5)
    keep(
        bot,
        [
            closed(
                at,
                MONDAY + at * timedelta(hours=3),
                result,
                ("take_profit", "stop_loss")[result < 0],
                context={"reached_tp": result > 0},
            )
            for at, result in enumerate(rng.normal(0, 1, 480).tolist())
        ],
    )
    found = of(bot)
    assert (found.verdict, found.best, found.worst) == ("none", (), ())
    assert "exit_reason" not in found.singles and "reached_tp" not in found.singles
    stops, targets = found.afterwards["exit_reason"]
    assert bounds(stops)["exit_reason"][2] == "stop_loss"
    assert stops.metrics["win_rate"] == 0.0 and targets.metrics["win_rate"] == 1.0
    assert [one.conditions[0].value for one in found.afterwards["reached_tp"]] == [False, True]
    assert stops.wrong_sign is None and not stops.named


def test_nothing_later_than_the_moment_asked_for_counts(bot):
    told(bot)
    as_of = MONDAY + 30 * DAY
    early = of(bot, None, LATE, as_of)
    assert early.trades == 240
    whole = dataclasses.asdict(of(bot, None, as_of, LATE))
    assert dataclasses.asdict(early) == whole | {"until": early.until, "as_of": early.as_of}


def test_a_strategy_without_trades_in_the_window_is_an_answer(bot):
    told(bot, 2)
    found = of(bot, LATE, LATE + DAY, LATE + DAY)
    assert (found.trades, found.verdict, found.mean, found.looked) == (0, "too_few", None, 0)
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_live_and_paper_are_told_apart(bot):
    told(bot, 2)
    keep(bot, history.days(3, first=5_000, mode="paper"))
    assert of(bot).trades == 16 and of(bot, mode="paper").trades == 24


def test_what_a_bot_declares_is_a_fact_whatever_it_sends_under_that_name(bot):
    catalog.declare(
        bot,
        {
            "key": "grid",
            "parameters": [],
            "features": [
                {"name": "kind", "kind": "category"},
                "depth",
                {"name": "sure", "kind": "boolean"},
                "never",
            ],
        },
    )
    sent = [("a", 1, True), ("b", 2.5, False), ({"x": 1}, "text", None), ("a", [3], True)]
    keep(
        bot,
        [
            closed(
                at,
                MONDAY + at * timedelta(hours=1),
                1.0,
                strategy="grid",
                context={"kind": kind, "depth": depth, "sure": sure},
            )
            for at, (kind, depth, sure) in enumerate(sent)
        ],
    )
    found = of(bot, name="grid")
    counts = {
        name: [(one.conditions[0].value, one.metrics["trades"]) for one in found.singles[name]]
        for name in ("kind", "depth", "sure")
    }
    assert counts == {
        "kind": [("a", 2), ("b", 1)],
        "depth": [(1.0, 1), (2.5, 1)],
        "sure": [(False, 1), (True, 2)],
    }
    assert "never" in found.missing and "never" not in found.singles


def test_what_the_bot_did_not_say_of_the_time_follows_from_the_entry(bot):
    keep(
        bot,
        [
            closed(1, MONDAY + timedelta(hours=5, minutes=5), 1.0),
            closed(2, MONDAY + timedelta(hours=5), 1.0, context={"entry_hour": 7}),
        ],
    )
    trades = frames_context.context_trades(*place(bot), None, LATE)
    assert trades.recorded["entry_hour"] == [7, 4]
    assert trades.recorded["entry_day_of_week"] == [0, 0]
    assert trades.recorded["hold_time_seconds"] == [600.0, 600.0]


def test_a_price_is_told_beside_the_price_of_the_entry():
    entry = np.array([100.0, 200.0, 400.0])
    level = features.beside_price(np.array([99.0, 200.0, np.nan]), entry)
    assert level[:2] == pytest.approx([-100, 0]) and np.isnan(level[2])
    assert features.beside_price(np.array([0.1, -0.2, 0.4]), entry) == pytest.approx([10, -10, 10])
    assert np.isnan(features.beside_price(np.full(3, np.nan), entry)).all()


def test_the_scale_of_a_window_rests_on_the_trades_before_it(bot):
    keep(bot, history.days(80, stop_loss=None))
    instance, mode = place(bot)
    day = clock.to_micros(MONDAY + 70 * DAY) // clock.DAY
    before = frames_context.results_before(instance, mode, day * clock.DAY, r_units.TRAILING)
    everything = frames_context.context_trades(instance, mode, None, MONDAY + 70 * DAY)
    assert before.tolist() == everything.rows.trades.r[-500:].tolist()

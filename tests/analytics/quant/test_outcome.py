"""What a walk came to, held against plain sums over its trades."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, datetime

import numpy as np
import pytest

from analytics.quant import outcome
from analytics.quant.outcome import Costs
from analytics.research.backtest import columns
from tests.analytics.replays import EAGER, walk
from trading.strategies import get
from trading.strategies.engine import walk as walking
from trading.strategies.engine.walk import Bars, Fills

RSI = get("rsi_bb")
VALUES = RSI.clean(EAGER)
COSTS = Costs(2.0, 1.0, 0.5)
LOOSE = {
    "renko_ao": {"candle_interval_seconds": 900, "brick_max_bps": 5_000.0},
    "breakout": {"candle_interval_seconds": 900, "max_hold_minutes": 600.0},
}


def walked(costs: Costs = COSTS, count: int = 3_000, values=VALUES) -> outcome.Replayed:
    return outcome.replayed(RSI, values, columns(walk(count)), 60, costs.fills())


def test_the_metrics_are_plain_sums_over_the_trades():
    found = walked()
    told, trades = outcome.measured(found), outcome.trades(found)
    r = [one["pnl_pct"] for one in trades]
    assert told["trades"] == len(r) > 20
    assert told["wins"] == sum(one > 0 for one in r)
    assert told["total_pnl_pct"] == pytest.approx(math.fsum(r))
    assert told["median_pnl_pct"] == pytest.approx(statistics.median(r))
    assert told["std_pct"] == pytest.approx(statistics.stdev(r))
    gain, loss = sum(one for one in r if one > 0), -sum(one for one in r if one < 0)
    assert told["profit_factor"] == pytest.approx(gain / loss)
    total = peak = fall = 0.0
    for one in r:
        total += one
        peak = max(peak, total)
        fall = max(fall, peak - total)
    assert told["max_drawdown_pct"] == pytest.approx(fall)
    held = sum(one["exit_at"] - one["entry_at"] for one in trades)
    assert told["exposure"] == pytest.approx(held / (3_000 * 60))


def test_the_sharpe_ratio_counts_days_without_trades():
    found = walked()
    days = dict.fromkeys(range(3), 0.0)  # 3 000 minutes from midnight: two days and a bit
    first = outcome.span(found)[0]
    for one in outcome.trades(found):
        days[int(one["exit_at"] - first) // 86_400] += one["pnl_pct"]
    sums = list(days.values())
    sharpe = statistics.mean(sums) / statistics.stdev(sums) * math.sqrt(365)
    assert outcome.measured(found)["sharpe"] == pytest.approx(sharpe)


def test_costs_are_what_separates_a_trade_from_its_prices():
    found = walked()
    against = (0.5 + 0.5) / 10_000
    gross = 0.0
    for one in outcome.trades(found):
        sign = 1 if one["side"] == "long" else -1
        bought = one["entry_price"] / (1 + sign * against)
        sold = one["exit_price"] / (1 - sign * against)
        gross += sign * (sold - bought) / one["entry_price"] * 100
    net = outcome.measured(found)["total_pnl_pct"]
    assert outcome.cost_pct(found, COSTS) == pytest.approx(gross - net, rel=1e-3)
    assert outcome.cost_pct(walked(Costs()), Costs()) == 0.0


def test_every_evaluation_was_blocked_by_one_filter_or_became_a_signal():
    found = walked()
    assert found.signals == len(found.rows)
    assert found.evaluations == found.signals + sum(found.blocked.values())
    assert list(found.blocked) == list(RSI.filters)


def test_a_trade_has_the_context_and_the_features_of_a_live_one():
    for one in outcome.trades(walked()):
        context, entered = one["context"], datetime.fromtimestamp(one["entry_at"], UTC)
        assert context["entry_hour"] == entered.hour
        assert context["entry_day_of_week"] == entered.weekday()
        assert context["hold_time_seconds"] == one["exit_at"] - one["entry_at"] >= 0
        assert context["price_trend"] in ("up", "down", "sideways")
        assert context["reached_tp"] == (one["exit_reason"] == "take_profit")
        assert set(one["features"]) == {feature.name for feature in RSI.features}
        assert 0 <= one["features"]["rsi_value"] <= 100
        assert one["features"]["recent_momentum"] in ("up", "down", "mixed")


def test_walking_in_portions_changes_nothing(monkeypatch):
    whole, heard = walked(), []
    monkeypatch.setattr(walking, "PORTION", 700)
    parts = outcome.replayed(RSI, VALUES, columns(walk(3_000)), 60, COSTS.fills(), heard.append)
    assert np.array_equal(whole.rows, parts.rows, equal_nan=True)
    assert whole.blocked == parts.blocked
    assert heard == sorted(heard) and len(heard) == 5 and heard[-1] == 1.0


def test_no_bars_and_no_trades_have_undefined_metrics():
    nothing = outcome.replayed(RSI, VALUES, Bars(*[np.zeros(0)] * 6), 60, Fills())
    assert outcome.trades(nothing) == [] and outcome.held(nothing.bars) is None
    for found in (nothing, walked(count=10)):
        told = outcome.measured(found)
        assert told["trades"] == 0
        assert [told[name] for name in ("win_rate", "total_pnl_pct", "sharpe")] == [None] * 3
        assert outcome.equity(found).shape == (2, 0)


def test_buying_and_holding_is_told_from_the_first_price():
    close = np.array([100.0, 120.0, 90.0, 110.0])
    times = 60.0 * np.arange(4)
    held = outcome.held(Bars(times, close, close, close, close, close))
    assert held == pytest.approx({"total_pnl_pct": 10.0, "max_drawdown_pct": 30.0})


@pytest.mark.parametrize("key", ["rsi_bb", *LOOSE])
def test_trades_of_every_strategy_say_what_it_declares(key):
    rules = get(key)
    interval = 60 if key == "rsi_bb" else 900
    values = rules.clean(EAGER if key == "rsi_bb" else LOOSE[key])
    bars = columns(walk(20_000, interval=interval))
    found = outcome.replayed(rules, values, bars, interval, COSTS.fills())
    told = outcome.trades(found)
    assert told
    for one in told:
        assert one["exit_reason"] in (*rules.exit_reasons, "end_of_data")
        for feature in rules.features:
            value = one["features"][feature.name]
            if value is not None and feature.choices:
                assert value in feature.choices
            assert feature.kind != "boolean" or isinstance(value, bool)


def test_the_funnel_says_why_a_high_threshold_of_divergence_does_not_trade():
    rules, bars = get("renko_ao"), columns(walk(20_000, interval=900))

    def at(threshold: float) -> outcome.Replayed:
        values = rules.clean({**LOOSE["renko_ao"], "min_divergence_strength": threshold})
        return outcome.replayed(rules, values, bars, 900, COSTS.fills())

    strict, loose = at(1.0), at(0.08)
    assert len(strict.rows) < len(loose.rows)
    reached = strict.evaluations - strict.blocked["divergence"]
    assert strict.blocked["divergence_strength"] > reached / 2
    assert strict.blocked["divergence_strength"] > loose.blocked["divergence_strength"]

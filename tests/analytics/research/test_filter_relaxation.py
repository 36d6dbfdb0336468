"""What would let a strategy trade that hardly does, in sentences that replays bear out."""

from __future__ import annotations

import pytest

from analytics.quant.outcome import Costs
from analytics.research import backtest, filter_relaxation
from tests.analytics.replays import EAGER, stored, walk
from tests.analytics.research.test_backtest import prepared
from trading.strategies import get

RENKO = {
    "brick_min_bps": 0.0,
    "brick_max_bps": 5_000.0,
    "min_ao_strength_bps": 0.0,
    "renko_atr_multiplier": 0.7,
    "take_profit_bps": 60.0,
    "stop_loss_bps": 50.0,
    "min_divergence_strength": 0.9,
}


def test_the_tightest_filter_is_the_one_that_lets_by_the_smallest_share_of_what_comes():
    rules = get("renko_ao")
    # 100 come, 60 have no divergence; of 40 that have one all are too weak.
    assert filter_relaxation.tightest(
        rules, 100, {"divergence": 60, "divergence_strength": 40}
    ) == ("divergence_strength", 40, 40)
    assert filter_relaxation.tightest(rules, 100, {"used": 100}) is None  # no parameter loosens it
    assert filter_relaxation.tightest(rules, 0, {}) is None


@pytest.mark.django_db
def test_what_the_declared_threshold_would_have_done_is_what_its_own_replay_does():
    stored(walk(6_000))
    run = prepared(strategy="renko_ao", values=RENKO)
    run.summary = backtest.backtest(run).summary
    found = run.summary["opened"]
    assert (found["filter"], found["trades"]) == ("divergence_strength", 0)
    alone = backtest.backtest(
        prepared(strategy="renko_ao", values={**RENKO, "min_divergence_strength": 0.08})
    )
    trades, made = alone.metrics["trades"], alone.metrics["total_pnl_pct"]
    assert trades > 5
    first, second, *_ = filter_relaxation.sentences(found, run.values)
    assert first.startswith("Divergence strength held back all ")
    assert second == (
        f"At min divergence strength 0.08, as declared, it would have traded {trades} times, "
        f"result {made:+.2f} %."
    )


@pytest.mark.django_db
def test_a_replay_that_trades_needs_no_explanation():
    stored()
    run = prepared(costs=Costs(0.0))
    assert backtest.backtest(run).summary["opened"] is None
    tight = prepared(values={**EAGER, "volume_multiplier": 20.0})
    told = filter_relaxation.sentences(backtest.backtest(tight).summary["opened"], tight.values)
    assert told[0].startswith("Volume held back all ")
    assert any("At volume multiplier" in one for one in told[1:])


def test_where_no_value_alone_lets_it_trade_that_is_said():
    found = {
        "filter": "volatility",
        "reached": 50,
        "blocked": 40,
        "trades": 0,
        "parameters": [{"name": "vol_min_bps", "declared": 2.0, "points": [[2.0, 0, None, 0, 0]]}],
    }
    assert filter_relaxation.sentences(found, {"vol_min_bps": 5.0}) == [
        "Volatility held back 40 of the 50 that came to it.",
        "No other value of volatility min alone lets it trade more; other filters hold it back.",
    ]
    assert filter_relaxation.sentences(None, {}) == []

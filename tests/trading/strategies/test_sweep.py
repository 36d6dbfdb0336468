"""Sweeps: what many sets came to is what each comes to alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.quant import outcome
from analytics.quant.outcome import Costs
from trading.strategies import get
from trading.strategies.base import never_still, nothing_screened
from trading.strategies.engine.sweep import Sweep
from trading.strategies.engine.walk import Bars

from .test_engine import EAGER_BY_KEY, market

VARIED = {
    "rsi_bb": {
        "rsi_period": (7, 14),
        "vol_min_bps": (0.0, 4.0),
        "smoothing": ("simple", "wilder"),
        "max_hold_minutes": (4.0, 600.0),
        "enable_trailing_stop": (False, True),
        "volume_multiplier": (0.0, 0.8),
    },
    "breakout": {"breakout_lookback": (5, 20), "rsi_period": (7, 14), "vol_min_bps": (0.0, 4.0)},
    "renko_ao": {"renko_atr_multiplier": (0.7, 1.3), "min_divergence_strength": (0.0, 0.05)},
}


def sets_of(key: str, candle: int) -> list[dict]:
    """All combinations of what is varied, complete."""
    found = [EAGER_BY_KEY[key] | {"candle_interval_seconds": candle}]
    for name, values in VARIED[key].items():
        found = [one | {name: value} for one in found for value in values]
    return [get(key).clean(one) for one in found]


def check(key: str, bars: Bars, candle: int, threads: int) -> int:
    """Every set of a sweep is measured as by its own replay; the trades of all."""
    strategy, costs = get(key), Costs(fee_bps=2.0, spread_bps=1.0)
    sets = sets_of(key, candle)
    found = Sweep(strategy, bars, 60, costs.fills()).measure(sets, threads)
    for values, sums in zip(sets, found, strict=True):
        alone = outcome.measured(outcome.replayed(strategy, values, bars, 60, costs.fills()))
        for name in ("trades", "wins", "losses"):
            assert sums[name] == alone[name]
        if not alone["trades"]:
            continue
        assert sums["total"] == pytest.approx(alone["total_pnl_pct"], abs=1e-9)
        assert sums["drawdown"] == pytest.approx(alone["max_drawdown_pct"], abs=1e-9)
        assert sums["held"] / sums["trades"] == pytest.approx(alone["avg_hold_seconds"])
        factor = sums["gain"] / sums["loss"] if sums["loss"] else None
        assert factor == pytest.approx(alone["profit_factor"])
        sharpe = None if np.isnan(sums["sharpe"]) else sums["sharpe"]
        assert sharpe == pytest.approx(alone["sharpe"])
    return int(found["trades"].sum())


@pytest.mark.parametrize("key", VARIED)
@pytest.mark.parametrize("gaps", [0, 3])
def test_each_set_of_a_sweep_comes_to_what_its_own_replay_does(key, gaps):
    assert check(key, market(4_000, 11, gaps=gaps), 60, 2) > 20


@pytest.mark.parametrize("key", VARIED)
def test_also_where_candles_are_longer_than_bars(key):
    assert check(key, market(4_000, 12), 180, 1) > 5


def test_nothing_to_walk_along_comes_to_nothing():
    found = Sweep(get("rsi_bb"), market(0, 1), 60).measure(sets_of("rsi_bb", 60)[:2])
    assert found["trades"].tolist() == [0, 0] and np.isnan(found["sharpe"]).all()


@pytest.mark.parametrize("key", ["rsi_bb", "breakout"])
def test_a_strategy_trades_the_same_without_its_screen(key):
    strategy, bars = get(key), market(4_000, 11)
    assert strategy.trading is not None
    bare = replace(
        strategy.trading, screens=(), screen=nothing_screened, stays=(), still=never_still
    )
    values = sets_of(key, 60)[0]
    with_screen = outcome.replayed(strategy, values, bars, 60, Costs().fills())
    without = outcome.replayed(replace(strategy, trading=bare), values, bars, 60, Costs().fills())
    assert len(with_screen.rows) and np.array_equal(with_screen.rows, without.rows, equal_nan=True)

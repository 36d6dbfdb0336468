"""Replays: what a live bot did, what a plain second writing of the rules does, and laws."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trading.strategies import get
from trading.strategies.engine import tape
from trading.strategies.engine.walk import (
    BadBars,
    BadInterval,
    Bars,
    Fills,
    Walk,
    candle_length,
    prices,
    version_of,
)

from .naive import BY_KEY

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"
RSI = get("rsi_bb")
REFERENCE = sorted((DATA / "reference").glob("rsi_bb_*"))
CANDLES = {
    "btc_perp_1m_2022-01.csv.gz": 60,
    "btc_usdt_perp_1m_2025-05.csv.gz": 60,
    "btc_usdt_1h_2017-2024.csv.gz": 3_600,
}
with_data = pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
# So that they trade on candles of a minute or an hour, which the defaults are not made for.
EAGER = {
    "vol_min_bps": 0.0,
    "vol_max_bps": 5_000.0,
    "rsi_momentum_strength": 2.0,
    "bb_low_zone_min": -1.0,
    "bb_low_zone_max": 0.4,
    "bb_high_zone_min": 0.5,
    "bb_high_zone_max": 2.0,
    "trend_confirmation_bps": 0.1,
    "take_profit_bps": 30.0,
    "stop_loss_bps": 20.0,
    "max_hold_minutes": 600.0,
    "volume_multiplier": 0.5,
}
EAGER_BY_KEY = {
    "rsi_bb": EAGER,
    "breakout": {
        "vol_min_bps": 0.0,
        "vol_max_bps": 5_000.0,
        "breakout_lookback": 8,
        "min_atr_expansion": 0.9,
        "rsi_bullish_threshold": 50.0,
        "rsi_bearish_threshold": 50.0,
        "max_hold_minutes": 600.0,
        "ema_fast_period": 5,
        "ema_slow_period": 20,
    },
    "renko_ao": {
        "brick_min_bps": 0.0,
        "brick_max_bps": 5_000.0,
        "min_divergence_strength": 0.0,
        "min_ao_strength_bps": 0.0,
        "min_bricks_since_divergence": 1,
        "renko_atr_multiplier": 0.7,
        "take_profit_bps": 60.0,
        "stop_loss_bps": 50.0,
        "max_hold_minutes": 600.0,
    },
}


def reason(row, strategy=RSI) -> str:
    at = int(row[tape.REASON])
    return strategy.exit_reasons[at] if at >= 0 else "end_of_data"


def walked(values, bars, interval, fills=None, plain=False, strategy=RSI):
    """All trades of a replay, and the walk."""
    walk = Walk(strategy, strategy.clean(values), interval, fills, plain)
    rows = [walk.take(bars)]
    if len(bars):
        rows.append(walk.finish(float(bars.close[-1]), float(bars.time[-1] + interval)))
    return np.concatenate(rows), walk


def market(n: int, seed: int, wild: float = 8.0, gaps: int = 0, volume: bool = True) -> Bars:
    """A seeded walk of minutes, with stretches left out."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, wild / 10_000, n)))
    open_ = np.concatenate(([100.0], close))[:n]
    reach = np.abs(rng.normal(0, wild / 20_000, (2, n)))
    high, low = np.maximum(open_, close) * (1 + reach[0]), np.minimum(open_, close) * (1 - reach[1])
    amount = rng.gamma(2.0, 5.0, n) if volume else np.full(n, np.nan)
    bars = Bars(60.0 * np.arange(n) + 1.7e9 // 3600 * 3600, open_, high, low, close, amount)
    if not gaps or not n:
        return bars
    kept = np.ones(n, bool)
    for at in rng.integers(0, n, gaps):
        kept[at : at + rng.integers(1, 40)] = False
    return Bars(*(one[kept] for one in bars.columns()))


def agree(strategy, values, bars, interval, fills) -> int:
    """The plain replay makes the same trades and counts; how many."""
    rows, walk = walked(values, bars, interval, fills, strategy=strategy)
    intrabar = walk.candle == interval if fills.intrabar is None else fills.intrabar
    columns = [one.tolist() for one in bars.columns()]
    columns[5] = [None if x != x else x for x in columns[5]]
    naive = BY_KEY[strategy.key](
        strategy.clean(values),
        list(zip(*columns, strict=True)),
        interval,
        intrabar=intrabar,
        fee=fills.fee_bps,
        half=fills.half_spread_bps + fills.slippage_bps,
        next_open=fills.next_open,
    )
    trades = naive.run()
    assert len(rows) == len(trades)
    for row, trade in zip(rows, trades, strict=True):
        assert ("long" if row[tape.SIDE] > 0 else "short") == trade.side
        assert reason(row, strategy) == trade.reason
        assert (row[tape.ENTERED], row[tape.LEFT]) == (trade.entered, trade.left)
        assert row[tape.ENTRY] == pytest.approx(trade.entry, rel=1e-12)
        assert row[tape.LEAVING] == pytest.approx(trade.exit, rel=1e-12)
        assert row[tape.RESULT] == pytest.approx(trade.pnl_pct, abs=1e-9)
    counts = dict(zip(strategy.filters, walk.funnel.tolist(), strict=True))
    assert {name: count for name, count in counts.items() if count} == naive.blocked
    assert walk.state.evaluations == naive.evaluations
    return len(rows)


@with_data
@pytest.mark.parametrize("folder", REFERENCE, ids=lambda folder: folder.name)
def test_a_live_bots_own_decisions_are_reproduced(folder):
    with gzip.open(folder / "prices_5s.csv.gz", "rt") as file:
        table = np.array(list(csv.reader(file))[1:], dtype=float)
    values = json.loads((folder / "parameters.json").read_text())
    rows, _ = walked(values, prices(table[:, 0], table[:, 1]), 5, Fills(intrabar=False))
    theirs = list(csv.DictReader((folder / "trades.csv").open()))
    left = [(row[tape.SIDE], row[tape.ENTERED], reason(row)) for row in rows]
    matched = 0
    for trade in theirs:
        side = 1 if trade["side"] == "long" else -1
        near = [
            one
            for one in left
            if one[0] == side
            and one[2] == trade["exit_reason"]
            and abs(one[1] - float(trade["entry_time"])) <= 15
        ]
        if near:
            left.remove(near[0])
            matched += 1
    assert matched / len(theirs) >= 0.99
    assert len(left) / len(theirs) <= 0.02


def candle_file(name: str) -> Bars:
    with gzip.open(DATA / "candles" / name, "rt") as file:
        rows = list(csv.reader(file))
    from datetime import UTC, datetime

    times = []
    for row in rows[1:]:
        try:
            times.append(float(row[0]))
        except ValueError:
            times.append(datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp())
    table = np.array([row[1:6] for row in rows[1:]], dtype=float)
    return Bars(np.array(times), *np.ascontiguousarray(table.T))


@with_data
@pytest.mark.parametrize(("name", "interval"), CANDLES.items())
@pytest.mark.parametrize(
    "fills", [Fills(), Fills(intrabar=False), Fills(5, 1, 0.5, next_open=True)]
)
@pytest.mark.parametrize("key", EAGER_BY_KEY)
def test_on_real_candles_a_plain_replay_makes_the_same_trades(name, interval, fills, key):
    whole = candle_file(name)
    values = EAGER_BY_KEY[key] | {"candle_interval_seconds": interval}
    made = 0
    for start in (0, len(whole) // 2):
        bars = whole.part(start, start + 1_200)
        made += agree(get(key), values, bars, interval, fills)
    assert made >= 10


pick = st.sampled_from
SHARED_CHOICES = {
    "candle_interval_seconds": pick((60, 120, 300, 900)),
    "adaptive_cooldown": st.booleans(),
    "exit_cooldown_seconds": pick((0, 10, 120)),
    "max_losing_streak": st.integers(1, 4),
    "pause_seconds": pick((0, 300, 3_600)),
    "max_hold_minutes": pick((2.0, 30.0)),
    "vol_low_threshold": pick((0.0, 5.0)),
    "vol_high_threshold": pick((6.0, 20.0)),
}
LEVELS = {
    "take_profit_bps": pick((5.0, 20.0, 80.0)),
    "stop_loss_bps": pick((5.0, 20.0, 60.0)),
    "enable_trailing_stop": st.booleans(),
}
CHOICES = {
    "rsi_bb": LEVELS
    | {
        "rsi_period": st.integers(2, 20),
        "bb_period": st.integers(2, 30),
        "ema_fast_period": st.integers(1, 9),
        "ema_slow_period": st.integers(10, 40),
        "atr_period": st.integers(1, 20),
        "volume_ma_period": st.integers(1, 25),
        "volume_multiplier": pick((0.0, 0.5, 1.0)),
        "smoothing": pick(("simple", "wilder")),
        "vol_optimal_min": pick((0.0, 8.0)),
        "rsi_momentum_strength": pick((0.0, 5.0)),
    },
    "breakout": {
        "breakout_lookback": st.integers(2, 30),
        "ema_fast_period": st.integers(1, 9),
        "ema_slow_period": st.integers(10, 40),
        "rsi_period": st.integers(2, 20),
        "macd_fast": st.integers(1, 9),
        "macd_slow": st.integers(10, 30),
        "macd_signal": st.integers(1, 10),
        "atr_period": st.integers(1, 20),
        "smoothing": pick(("simple", "wilder")),
        "min_atr_expansion": pick((0.0, 0.9, 1.0)),
        "take_profit_atr_multiplier": pick((0.5, 2.0)),
        "no_movement_minutes": pick((1.0, 10.0)),
        "stop_loss_atr_multiplier": pick((0.5, 2.0)),
        "trailing_stop_activation_atr": pick((0.0, 1.0, 100.0)),
        "trailing_stop_distance_atr": pick((0.3, 1.0)),
    },
    "renko_ao": LEVELS
    | {
        "renko_atr_period": st.integers(1, 20),
        "renko_atr_multiplier": pick((0.2, 0.7, 1.3)),
        "renko_reversal_bricks": st.integers(1, 3),
        "renko_fixed_size": pick((0.0, 0.0, 0.05)),
        "renko_lookback": st.integers(6, 60),
        "ao_fast_period": st.integers(1, 5),
        "ao_slow_period": st.integers(6, 34),
        "bb_period": st.integers(2, 30),
        "min_divergence_strength": pick((0.0, 0.05)),
        "min_ao_strength_bps": pick((0.0, 1.0)),
        "min_bricks_since_divergence": st.integers(1, 3),
    },
}


@st.composite
def situations(draw):
    """A strategy and its values, bars, and how orders are filled."""
    key = draw(pick(tuple(CHOICES)))
    chosen = SHARED_CHOICES | CHOICES[key]
    values = EAGER_BY_KEY[key] | {name: draw(choice) for name, choice in chosen.items()}
    bars = market(
        draw(st.integers(0, 500)),
        draw(st.integers(0, 99)),
        draw(pick((2.0, 8.0, 30.0))),
        draw(st.integers(0, 4)),
        draw(st.booleans()),
    )
    fills = Fills(
        draw(pick((0.0, 5.0))),
        draw(pick((0.0, 1.0))),
        draw(pick((0.0, 2.0))),
        draw(pick((None, True, False))),
        draw(st.booleans()),
    )
    return get(key), values, bars, fills


loose = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@loose
@given(situations())
def test_whatever_the_values_a_plain_replay_makes_the_same_trades(situation):
    strategy, values, bars, fills = situation
    agree(strategy, values, bars, 60, fills)


@loose
@given(situations(), st.integers(0, 500))
def test_a_prefix_of_the_bars_gives_a_prefix_of_the_trades(situation, length):
    strategy, values, bars, fills = situation
    whole = Walk(strategy, strategy.clean(values), 60, fills).take(bars)
    part = Walk(strategy, strategy.clean(values), 60, fills).take(bars.part(0, length))
    assert len(part) <= len(whole)
    np.testing.assert_array_equal(part, whole[: len(part)])
    later = whole[len(part) :]
    assert (later[:, tape.EXIT_BAR] >= min(length, len(bars))).all()


@loose
@given(situations(), st.lists(st.integers(1, 200), max_size=8))
def test_bars_one_by_one_or_in_pieces_are_decided_like_all_at_once(situation, lengths):
    strategy, values, bars, fills = situation
    whole, _ = walked(values, bars, 60, fills, strategy=strategy)
    walk, rows, at = Walk(strategy, strategy.clean(values), 60, fills), [], 0
    for length in [*lengths, len(bars)]:
        rows.append(walk.take(bars.part(at, at + length)))
        at += length
    if len(bars):
        rows.append(walk.finish(float(bars.close[-1]), float(bars.time[-1] + 60)))
    pieces = np.concatenate(rows)
    closed = np.array([column for column in range(pieces.shape[1]) if column != tape.EXIT_BAR])
    np.testing.assert_array_equal(pieces[:, closed], whole[:, closed])


@loose
@given(situations())
def test_plain_python_decides_like_the_compiled_rules(situation):
    strategy, values, bars, fills = situation
    fast, one = walked(values, bars.part(0, 250), 60, fills, strategy=strategy)
    slow, other = walked(values, bars.part(0, 250), 60, fills, plain=True, strategy=strategy)
    np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-12)
    assert one.funnel.tolist() == other.funnel.tolist()


@loose
@given(situations())
def test_the_funnel_adds_up(situation):
    strategy, values, bars, fills = situation
    _, walk = walked(values, bars, 60, fills, strategy=strategy)
    assert walk.funnel.sum() + walk.state.signals == walk.state.evaluations


def test_bar_by_bar_for_days_the_candles_that_are_needed_stay():
    bars = market(3_000, 5)
    values = EAGER | {"candle_interval_seconds": 120, "smoothing": "wilder"}
    whole, _ = walked(values, bars, 60)
    walk = Walk(RSI, RSI.clean(values), 60)
    rows = [walk.take(bars.part(at, at + 1)) for at in range(len(bars))]
    rows.append(walk.finish(float(bars.close[-1]), float(bars.time[-1] + 60)))
    assert len(np.concatenate(rows)) == len(whole) > 50
    assert walk._candles[0].size < 1_000


def test_features_are_those_of_the_moment_of_entry():
    bars = market(2_000, 9)
    rows, _ = walked(EAGER | {"candle_interval_seconds": 60}, bars, 60)
    names = {feature.name: tape.COLUMNS + at for at, feature in enumerate(RSI.features)}
    for row in rows[:20]:
        closes = bars.close[: int(row[tape.ENTRY_BAR]) + 1]
        changes = np.diff(closes[-15:])
        gain, loss = changes.clip(0).mean(), (-changes).clip(0).mean()
        assert row[names["rsi_value"]] == pytest.approx(100 - 100 / (1 + gain / loss))
        window = closes[-20:]
        lower, upper = window.mean() - 2 * window.std(), window.mean() + 2 * window.std()
        assert row[names["bb_position"]] == pytest.approx((closes[-1] - lower) / (upper - lower))
        assert row[tape.VOLATILITY] == pytest.approx(
            np.abs(np.diff(window) / window[:-1]).mean() * 1e4
        )


def flat(n: int) -> Bars:
    return prices(60.0 * np.arange(n), np.full(n, 100.0))


def test_nothing_and_too_little_and_standing_still_make_no_trade():
    for bars in (flat(0), flat(1), flat(10), flat(2_000)):
        rows, walk = walked(EAGER | {"candle_interval_seconds": 60}, bars, 60)
        assert len(rows) == 0
    assert walk.state.evaluations == 2_000 - walk.state.warmup + 1


def test_a_spike_is_survived():
    bars = market(1_000, 3)
    for column in (bars.high, bars.close):
        column[500] *= 1_000
    rows, _ = walked(EAGER | {"candle_interval_seconds": 60}, bars, 60)
    assert np.isfinite(rows[:, : tape.COLUMNS]).all()


def test_a_gap_starts_the_warm_up_anew_and_is_counted():
    bars = market(400, 1)
    late = Bars(np.where(np.arange(400) < 200, bars.time, bars.time + 3_600), *bars.columns()[1:])
    _, walk = walked({"candle_interval_seconds": 60}, late, 60)
    assert walk.state.gaps == 1
    assert walk.state.evaluations <= 2 * (200 - walk.state.warmup + 1)
    short = Bars(np.where(np.arange(400) < 200, bars.time, bars.time + 180), *bars.columns()[1:])
    assert walked({"candle_interval_seconds": 60}, short, 60)[1].state.gaps == 0


def test_costs_are_paid_on_both_sides():
    bars = market(1_500, 8)
    values = EAGER | {"candle_interval_seconds": 60, "max_losing_streak": 100}
    free, _ = walked(values, bars, 60, Fills(intrabar=False))
    paid, _ = walked(values, bars, 60, Fills(fee_bps=5, intrabar=False))
    first, same = free[0], paid[0]
    factor = 1 + first[tape.LEAVING] / first[tape.ENTRY]
    assert same[tape.RESULT] == pytest.approx(first[tape.RESULT] - 0.05 * factor)
    spread, _ = walked(values, bars, 60, Fills(half_spread_bps=1, slippage_bps=2, intrabar=False))
    assert spread[0][tape.ENTRY] == pytest.approx(first[tape.ENTRY] * (1 + first[tape.SIDE] * 3e-4))


def test_candles_are_never_shorter_than_bars_and_bars_fit_into_them():
    assert candle_length(RSI, {"candle_interval_seconds": 15}, 60) == (60, True)
    assert candle_length(RSI, {"candle_interval_seconds": 900}, 60) == (900, False)
    with pytest.raises(BadInterval, match="bars of 60 s do not fit"):
        candle_length(RSI, {"candle_interval_seconds": 90}, 60)


def test_bars_out_of_order_are_refused():
    with pytest.raises(BadBars, match="in order"):
        prices(np.array([0.0, 60.0, 60.0]), np.ones(3))


def test_the_version_of_the_code_changes_with_any_function_that_runs():
    from types import SimpleNamespace

    rules = RSI.trading
    other = SimpleNamespace(hooks=lambda: rules.hooks() | {"place": tape.place})
    known = version_of(RSI)
    assert known == version_of(RSI)
    assert version_of(SimpleNamespace(trading=other)) != known


STARTED = """
import sys
from trading.strategies import get
assert "numba" not in sys.modules
import numpy as np
from trading.strategies.engine.walk import Walk, prices
rsi = get("rsi_bb")
walk = Walk(rsi, rsi.defaults(), 5)
walk.take(prices(5.0 * np.arange(500), 100 + np.arange(500) % 7))
print(walk._run.stats.cache_hits if hasattr(walk._run, "stats") else "plain")
"""


def test_a_second_process_takes_the_compiled_rules_from_disk():
    pytest.importorskip("numba")
    found = [
        subprocess.run(
            [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert "{}" not in found[1] and found[1].startswith("Counter({") and "1" in found[1]

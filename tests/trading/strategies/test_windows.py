"""Windows over many candles, and screens made of them, against one candle at a time."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import plain_rule
from trading.strategies import indicators, windows
from trading.strategies.engine.tape import BLOCKS, PASSES, TILE
from trading.strategies.screens import filters

SPARE = np.zeros((2, TILE + windows.WIDEST))
# Prices on a coarse grid fall on their limits, stand still and repeat; others hardly ever do.
closes = st.lists(
    st.one_of(st.integers(1, 4).map(float), st.floats(0.5, 900.0)), min_size=2, max_size=90
).map(np.array)
still = st.tuples(st.floats(0.5, 900.0), st.integers(2, 90)).map(lambda it: np.full(it[1], it[0]))
prices = st.one_of(closes, still)
widths = st.integers(1, 40)


def along(function, values, first, width):
    out = np.full(values.size - first, 7.0)
    function(values, first, width, out, SPARE)
    return out


def plain(values, first, width, wanted, of):
    """``of`` the values before each candle from ``first`` on; 0 where there are too few."""
    return [
        of(values[at - wanted : at]) if at >= wanted else 0.0 for at in range(first, values.size)
    ]


@given(prices, widths, st.integers(0, 60))
def test_each_window_is_that_of_the_candles_before(values, width, first):
    first = min(first, values.size - 1)
    found = {
        one.__name__: along(one, values, first, width)
        for one in (windows.moves, windows.returns, windows.totals, windows.highest, windows.lowest)
    }
    moved = plain(values, first, width, width + 1, lambda x: np.abs(np.diff(x)).sum())
    np.testing.assert_allclose(found["moves"], moved, rtol=1e-12)
    share = plain(values, first, width, width + 1, lambda x: np.abs(x[1:] / x[:-1] - 1).sum())
    np.testing.assert_allclose(found["returns"], share, rtol=1e-9, atol=1e-15)
    total = plain(values, first, width, width, np.sum)
    np.testing.assert_allclose(found["totals"], total, rtol=1e-12)
    assert found["highest"].tolist() == plain(values, first, width, width, max)
    assert found["lowest"].tolist() == plain(values, first, width, width, min)


@given(prices, widths, st.integers(0, 89))
def test_where_the_candles_begin_does_not_change_a_bit(values, width, first):
    first = min(first, values.size - 1)
    for one in (windows.moves, windows.returns, windows.totals):
        np.testing.assert_array_equal(
            along(one, values, first, width), along(one, values, 0, width)[first:]
        )


def test_one_unknown_value_makes_those_windows_unknown_that_hold_it():
    values = np.arange(1.0, 21.0)
    values[9] = np.nan
    unknown = np.isnan(along(windows.totals, values, 0, 4))
    assert np.flatnonzero(unknown).tolist() == [10, 11, 12, 13]


def test_no_width_moves_nothing():
    assert along(windows.moves, np.arange(1.0, 9.0), 0, 0).tolist() == [0.0] * 8


@given(prices, st.integers(1, 20), st.sampled_from((0.0, 30.0, 50.0)), st.floats(50.0, 101.0))
def test_the_screen_of_the_rsi_never_contradicts_it(values, period, low, high):
    said = np.zeros(values.size, np.int8)
    moved = along(windows.moves, values, 0, period - 1)
    filters.screen_rsi(values, 0, period, moved, low, high, said)
    for at in range(period, values.size):
        found = indicators.rsi(values, at, period)
        if said[at] == BLOCKS:
            assert low <= found <= high
        elif said[at] == PASSES:
            assert found < low or found > high


@given(prices, st.integers(2, 30), st.sampled_from((0.1, 1.0, 2.0)))
def test_the_screen_of_the_band_never_contradicts_it(values, period, factor):
    said = np.zeros(values.size, np.int8)
    plain_rule.screen_below(values, 0, period, factor, said)
    for at in range(period, values.size):
        lower, _ = indicators.bands(values, at, period, factor)
        if said[at] != 2:
            assert (values[at] < lower) == (said[at] == PASSES)


@given(prices, st.floats(0.0, 300.0), st.floats(0.0, 3_000.0), st.floats(0.0, 500.0))
def test_the_screen_of_the_volatility_never_contradicts_it(values, low, wide, calm):
    said = np.zeros(values.size, np.int8)
    moved = along(windows.returns, values, 0, indicators.VOLATILITY_CANDLES - 2)
    filters.screen_volatility(values, 0, moved, low, low + wide, calm, said)
    for at in range(indicators.VOLATILITY_CANDLES, values.size):
        found = indicators.volatility_bps(values, at)
        if said[at] == BLOCKS:
            assert not low <= found <= low + wide
        elif said[at] == PASSES:
            assert low <= found <= low + wide and found > calm


@given(prices, st.integers(2, 30))
def test_bands_by_four_sums_are_those_by_one(values, period):
    at = values.size - 1
    if at >= period:
        quick = indicators.bands_soon(values, at, period, 2.0)
        exact = indicators.bands(values, at, period, 2.0)
        assert all(
            math.isclose(*pair, rel_tol=1e-6, abs_tol=1e-5)
            for pair in zip(quick, exact, strict=True)
        )


@given(prices, st.integers(1, 12), st.integers(2, 20), st.integers(1, 9))
def test_a_macd_that_is_moved_on_is_that_which_is_begun_anew(values, fast, slow, period):
    at = values.size - 1
    if fast < slow and at >= slow + period - 2:
        line, signal = (
            indicators.macd(values, at, fast, slow),
            indicators.macd_signal(values, at, fast, slow, period),
        )
        found = indicators.macd_lead_soon(values, at, fast, slow, period)
        assert abs(found - (line - signal)) <= 1e-12 * values.max()


@given(prices, st.floats(0.0, 0.1), st.integers(1, 20), st.integers(1, 6))
def test_a_mean_of_ranges_that_is_moved_on_is_that_of_each(values, reach, period, count):
    at = values.size - 1
    if at >= period + count:
        high, low = values * (1.0 + reach), values * (1.0 - reach)
        each = [indicators.atr(high, low, values, i, period) for i in range(at - count + 1, at + 1)]
        found = indicators.atr_mean_soon(high, low, values, at, period, count)
        assert abs(found - np.mean(each)) <= 1e-12 * values.max()

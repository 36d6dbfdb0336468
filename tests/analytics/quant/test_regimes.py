"""Regimes of volatility, sessions and trend: labels that never look ahead."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.quant import regimes
from analytics.quant.regimes import HIGH, LOW, UNKNOWN

NAN = float("nan")


def closes(seed, n=300, wild=1.0):
    rng = np.random.default_rng(seed)
    return 100 * np.exp(np.cumsum(rng.standard_normal(n) * 0.001 * wild))


def all_joined(close):
    return np.arange(close.size) > 0


def test_volatility_is_the_root_mean_square_of_the_last_returns():
    close = closes(1)
    found = regimes.volatility(close, all_joined(close))
    assert np.isnan(found[:50]).all() and not np.isnan(found[50:]).any()
    for at in (50, 137, 299):
        steps = [math.log(close[i] / close[i - 1]) for i in range(at - 49, at + 1)]
        assert found[at] == pytest.approx(math.sqrt(sum(s * s for s in steps) / 50))


def test_the_step_across_a_gap_is_no_return():
    close = closes(2)
    close[100:] *= 1.5
    joined = all_joined(close)
    joined[100] = False
    found = regimes.volatility(close, joined)
    assert np.nanmax(found) < 0.01
    # The bar after the gap knows no more than the one before it.
    assert found[100] == found[99]


def test_a_median_of_the_last_values_with_the_newest_among_them():
    values = np.array([3.0, 1.0, NAN, 2.0, 10.0, 0.0])
    found = regimes.trailing_median(values, 3)
    assert np.isnan(found[:3]).all()
    assert found[3:].tolist() == [2.0, 2.0, 2.0]


@given(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 7.0]), max_size=40), st.integers(1, 6))
def test_the_median_equals_that_of_each_window(values, bars):
    found = regimes.trailing_median(np.array(values, dtype=float), bars)
    for at in range(len(values)):
        if at + 1 < bars:
            assert np.isnan(found[at])
        else:
            assert found[at] == np.median(values[at + 1 - bars : at + 1])


def test_high_begins_at_1_15_and_ends_at_0_87_of_the_median():
    values = np.array([1.0, 1.14, 1.16, 1.0, 0.88, 0.86, 1.14, NAN, 1.0, 1.2])
    found = regimes.levels(values, np.ones(values.size))
    assert found.tolist() == [UNKNOWN, UNKNOWN, HIGH, HIGH, HIGH, LOW, LOW, UNKNOWN, LOW, HIGH]


def test_before_the_median_is_known_there_is_no_label():
    found = regimes.levels(np.array([9.0, 9.0]), np.array([NAN, 1.0]))
    assert found.tolist() == [UNKNOWN, HIGH]


def label(close, bars=60):
    values = regimes.volatility(close, all_joined(close), 10)
    return regimes.levels(values, regimes.trailing_median(values, bars))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1_000), st.integers(100, 299))
def test_what_comes_later_changes_no_label(seed, cut):
    close = closes(seed)
    assert label(close)[:cut].tolist() == label(close[:cut]).tolist()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1_000), st.integers(1, 150))
def test_a_label_does_not_depend_on_where_one_begins(seed, start):
    close = closes(seed, 400)
    whole, part = label(close)[start:], label(close[start:])
    known = part != UNKNOWN
    assert known[-1] and part[known].tolist() == whole[known].tolist()


def test_a_market_that_becomes_wild_is_high_and_calm_again_is_low():
    close = np.concatenate((closes(3, 1_200), closes(4, 300, 3.0), closes(5, 300)))
    close[1_200:1_500] *= close[1_199] / close[1_200]
    close[1_500:] *= close[1_499] / close[1_500]
    values = regimes.volatility(close, all_joined(close))
    found = regimes.levels(values, regimes.trailing_median(values))
    assert set(found[1_260:1_500].tolist()) == {HIGH}
    assert (found[1_560:] == LOW).mean() > 0.5
    assert (found[:1_049] == UNKNOWN).all()


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2025-03-03T00:00", "asia"),
        ("2025-03-03T06:59", "asia"),
        ("2025-03-03T07:00", "europe"),
        ("2025-03-03T13:00", "us"),
        ("2025-03-03T20:59", "us"),
        ("2025-03-03T21:00", "late"),
        ("2025-03-01T13:00", "weekend"),
        ("2025-03-02T23:59", "weekend"),
        ("2025-03-07T23:59", "late"),
        ("1970-01-01T00:00", "asia"),
    ],
)
def test_sessions_by_the_hour_and_the_weekend(moment, session):
    seconds = np.array([np.datetime64(moment, "s").astype(np.int64)])
    assert regimes.SESSIONS[regimes.sessions(seconds)[0]] == session


def bars(seed, n=600):
    close = closes(seed, n)
    rng = np.random.default_rng(seed + 1)
    spread = 1 + np.abs(rng.standard_normal(n)) * 0.001
    return close * spread, close / spread, close


def test_adx_by_plain_sums():
    high, low, close = bars(6, 80)
    rises, falls = [], []
    for at in range(1, 80):
        up, down = high[at] - high[at - 1], low[at - 1] - low[at]
        rises.append(up if up > down and up > 0 else 0.0)
        falls.append(down if down > up and down > 0 else 0.0)

    def smooth(values, period):
        found = [sum(values[:period])]
        for value in values[period:]:
            found.append(found[-1] - found[-1] / period + value)
        return found

    index = [
        100 * abs(a - b) / (a + b)
        for a, b in zip(smooth(rises, 28), smooth(falls, 28), strict=True)
    ]
    value = sum(index[:28]) / 28
    found = regimes.adx(high, low, close)
    assert np.isnan(found[:55]).all()
    assert found[55] == pytest.approx(value)
    assert found[56] == pytest.approx((value * 27 + index[28]) / 28)


def test_adx_comes_to_that_of_ta_lib():
    high, low, close = bars(7, 2_000)
    wanted = talib.ADX(high, low, close, 28)
    # It begins with one move fewer; what is left of that fades.
    assert regimes.adx(high, low, close)[600:] == pytest.approx(wanted[600:], abs=1e-4)


def test_adx_of_a_price_that_stands_still_is_none_at_all():
    flat = np.full(100, 5.0)
    assert regimes.adx(flat, flat, flat)[55:].tolist() == [0.0] * 45
    assert np.isnan(regimes.adx(flat[:55], flat[:55], flat[:55])).all()


def test_the_newest_bar_that_was_closed():
    closed = np.array([60, 120, 180, 600])
    found = regimes.newest(closed, 60, np.array([59, 60, 119, 120, 239, 240, 660]))
    assert found.tolist() == [-1, 0, 0, 1, 2, -1, -1]
    assert regimes.newest(np.zeros(0, np.int64), 60, np.array([5])).tolist() == [-1]

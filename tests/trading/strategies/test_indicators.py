"""Indicators against TA-Lib, published values, plain recomputation, and laws."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.strategies import indicators as own

talib = pytest.importorskip("talib")


def candles(n=400, seed=1):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    high, low = close * (1 + rng.random(n) * 0.01), close * (1 - rng.random(n) * 0.01)
    return high, low, close


HIGH, LOW, CLOSE = candles()


@pytest.mark.parametrize("period", [2, 14, 60])
def test_wilders_rsi_is_that_of_ta_lib(period):
    theirs = talib.RSI(CLOSE, period)
    for at in range(period, CLOSE.size):
        assert own.rsi_wilder(CLOSE, 0, at, period) == pytest.approx(theirs[at], abs=1e-9)


@pytest.mark.parametrize("period", [1, 14, 60])
def test_wilders_atr_is_that_of_ta_lib(period):
    theirs = talib.ATR(HIGH, LOW, CLOSE, period)
    for at in range(max(period, 2), CLOSE.size):
        found = own.atr_wilder(HIGH, LOW, CLOSE, 0, at, period)
        assert found == pytest.approx(theirs[at], abs=1e-9)


@pytest.mark.parametrize("period", [2, 20])
def test_the_bands_are_those_of_ta_lib(period):
    upper, _, lower = talib.BBANDS(CLOSE, period, 2.0, 2.0)
    for at in range(period - 1, CLOSE.size):
        assert own.bands(CLOSE, at, period, 2.0) == pytest.approx((lower[at], upper[at]), rel=1e-9)


def published(shared, name):
    with (shared / "indicators" / name).open() as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name and name != "Date"]
    return {name.strip(): np.array([float(row[name] or "nan") for row in rows]) for name in names}


def test_the_published_rsi_is_reproduced(shared_data):
    found = published(shared_data, "cs-rsi.csv")
    close, theirs = found["Close"], found["RSI"]
    known = np.flatnonzero(~np.isnan(theirs))
    assert known.size > 10
    # The sheet begins its averages at 0: as if the price had stood still for 14 days before.
    still = np.concatenate((np.full(14, close[0]), close))
    for at in known[known >= 14]:
        assert own.rsi_wilder(still, 0, at + 14, 14) == pytest.approx(theirs[at], abs=1e-4)


def test_the_published_bands_are_reproduced(shared_data):
    found = published(shared_data, "cs-bbands.csv")
    close = found["Close"]
    known = np.flatnonzero(~np.isnan(found["HighBand"]))
    assert known.size > 10
    for at in known[known >= 19]:
        low, high = own.bands(close, at, 20, 2.0)
        assert (low, high) == pytest.approx((found["LowBand"][at], found["HighBand"][at]), abs=0.01)


def test_the_published_atr_is_reproduced(shared_data):
    found = published(shared_data, "cs-atr.csv")
    high, low, close = found["High"], found["Low"], found["Close"]
    # The spreadsheet's first range is that of its first day alone.
    known = np.flatnonzero(~np.isnan(found["ATR"]))
    assert known.size > 10
    later = [own.true_range(high, low, close, at) for at in range(1, high.size)]
    ranges = [high[0] - low[0], *later]
    atr = float(np.mean(ranges[:14]))
    for at in range(13, high.size):
        atr = atr if at == 13 else (atr * 13 + ranges[at]) / 14
        assert atr == pytest.approx(found["ATR"][at], abs=0.01)


prices = st.lists(st.floats(1, 1_000), min_size=45, max_size=60).map(np.array)
periods = st.integers(1, 20)


@given(prices, periods)
def test_on_every_prefix_they_are_what_a_plain_recomputation_gives(close, period):
    for at in range(40, close.size):
        window = close[at - period + 1 : at + 1]
        assert own.mean(close, at, period) == pytest.approx(window.mean())
        middle = own.mean(close, at, period)
        assert own.deviation(close, at, period, middle) == pytest.approx(window.std(), abs=1e-9)
        changes = np.diff(close[at - period : at + 1])
        gain, loss = changes.clip(0).mean(), (-changes).clip(0).mean()
        plain = 100 - 100 / (1 + gain / loss) if loss else (100 if gain else 50)
        assert own.rsi(close, at, period) == pytest.approx(plain, abs=1e-6)
        weights = (1 - 2 / (period + 1)) ** np.arange(period)[::-1] * 2 / (period + 1)
        weights[0] *= (period + 1) / 2
        assert own.ema(close, at, period) == pytest.approx(float(weights @ window), rel=1e-9)
        returns = np.abs(np.diff(close[at - 19 : at + 1]) / close[at - 19 : at])
        assert own.volatility_bps(close, at) == pytest.approx(returns.mean() * 1e4)


@given(prices, st.floats(0.1, 10))
def test_the_scale_of_prices_does_not_matter_to_shares(close, factor):
    at = close.size - 1
    assert own.rsi(close * factor, at, 14) == pytest.approx(own.rsi(close, at, 14), abs=1e-6)
    assert own.volatility_bps(close * factor, at) == pytest.approx(own.volatility_bps(close, at))
    assert own.ema(close * factor, at, 9) == pytest.approx(own.ema(close, at, 9) * factor)


def test_a_price_that_stands_still_has_an_rsi_of_50_and_stands_amid_its_bands():
    close = np.full(50, 7.0)
    assert own.rsi(close, 49, 14) == own.rsi_wilder(close, 0, 49, 14) == 50.0
    assert own.position_in(7.0, *own.bands(close, 49, 20, 2.0)) == 0.5
    assert own.slope_sign(close, 49) == 0 and own.volatility_now(close, 49) == (0.0, 0)


def test_without_a_loss_the_rsi_is_100_and_without_a_gain_0():
    rising = np.arange(1.0, 51.0)
    assert own.rsi(rising, 49, 14) == 100.0 and own.rsi(rising[::-1], 49, 14) == 0.0


def test_a_slope_beyond_its_error_and_a_market_that_calms_down():
    line = 100 + np.arange(30) * 0.5
    assert own.slope_sign(line, 29) == 1 and own.slope_sign(line[::-1], 29) == -1
    zigzag = 100 + np.where(np.arange(30) % 2, 1.0, -1.0)
    assert own.slope_sign(zigzag, 29) == 0
    calm = zigzag.copy()
    calm[20:] = 100 + np.where(np.arange(10) % 2, 0.1, -0.1)
    assert own.volatility_now(calm, 29)[1] == -1
    woken = np.concatenate((calm[20:], calm[20:], zigzag[:10]))
    assert own.volatility_now(woken, 29)[1] == 1

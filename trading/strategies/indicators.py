"""Indicators over candles, newest last, as the reference rules define them.

Each is a plain loop over an array, ``at`` being the index of the newest candle in the window and
included in it; the caller sees to it that the window is there. Sums run from the oldest to the
newest, so that a naive recomputation gives the very same number. Compiled by ``compiled``.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


def mean(values: Floats, at: int, period: int) -> float:
    """Mean of the last ``period`` values."""
    total = 0.0
    for i in range(at - period + 1, at + 1):
        total += values[i]
    return total / period


def ema(close: Floats, at: int, period: int) -> float:
    """Exponential average over the last ``period`` closes only, begun at the oldest of them."""
    share = 2.0 / (period + 1)
    e = close[at - period + 1]
    for i in range(at - period + 2, at + 1):
        e = close[i] * share + e * (1.0 - share)
    return float(e)


def deviation(close: Floats, at: int, period: int, middle: float) -> float:
    """Population standard deviation (ddof 0) of the last ``period`` closes around their mean."""
    total = 0.0
    for i in range(at - period + 1, at + 1):
        total += (close[i] - middle) * (close[i] - middle)
    return math.sqrt(total / period)


def bands(close: Floats, at: int, period: int, factor: float) -> tuple[float, float]:
    """Lower and upper Bollinger band."""
    middle = mean(close, at, period)
    reach = factor * deviation(close, at, period, middle)
    return middle - reach, middle + reach


def bands_soon(close: Floats, at: int, period: int, factor: float) -> tuple[float, float]:
    """The same to within rounding, by four sums at a time, none of which waits for the others."""
    window = close[at - period + 1 : at + 1]
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = period - period % 4
    for i in range(0, whole, 4):
        a += window[i]
        b += window[i + 1]
        c += window[i + 2]
        d += window[i + 3]
    for i in range(whole, period):
        a += window[i]
    middle = (a + b + c + d) / period
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 4):
        a += (window[i] - middle) * (window[i] - middle)
        b += (window[i + 1] - middle) * (window[i + 1] - middle)
        c += (window[i + 2] - middle) * (window[i + 2] - middle)
        d += (window[i + 3] - middle) * (window[i + 3] - middle)
    for i in range(whole, period):
        a += (window[i] - middle) * (window[i] - middle)
    reach = factor * math.sqrt((a + b + c + d) / period)
    return middle - reach, middle + reach


def position_in(price: float, lower: float, upper: float) -> float:
    """0 at the lower band, 1 at the upper; 0.5 where they coincide."""
    if upper == lower:
        return 0.5
    return (price - lower) / (upper - lower)


def strength(gain: float, loss: float) -> float:
    """RSI of a mean gain and a mean loss, 0 to 100; 50 with neither."""
    if loss == 0.0:
        return 100.0 if gain > 0.0 else 50.0
    return 100.0 - 100.0 / (1.0 + gain / loss)


def rsi(close: Floats, at: int, period: int) -> float:
    """Cutler's RSI: simple means over the last ``period`` changes of closes."""
    gain, loss = 0.0, 0.0
    for i in range(at - period + 1, at + 1):
        change = close[i] - close[i - 1]
        # No branch: which way a change goes cannot be foreseen, and guessing wrong is what costs.
        gain += max(change, 0.0)
        loss += max(-change, 0.0)
    return strength(gain / period, loss / period)


def rsi_wilder(close: Floats, start: int, at: int, period: int) -> float:
    """Wilder's RSI over the closes from ``start`` on: begun with the simple means of the first
    ``period`` changes, smoothed from there."""
    gain, loss = 0.0, 0.0
    for i in range(start + 1, start + period + 1):
        change = close[i] - close[i - 1]
        if change > 0.0:
            gain += change
        else:
            loss -= change
    gain /= period
    loss /= period
    for i in range(start + period + 1, at + 1):
        change = close[i] - close[i - 1]
        gain = (gain * (period - 1) + max(change, 0.0)) / period
        loss = (loss * (period - 1) + max(-change, 0.0)) / period
    return strength(gain, loss)


def true_range(high: Floats, low: Floats, close: Floats, at: int) -> float:
    """The widest of high - low and what each is away from the close before."""
    before = close[at - 1]
    return float(max(high[at] - low[at], abs(high[at] - before), abs(low[at] - before)))


def atr(high: Floats, low: Floats, close: Floats, at: int, period: int) -> float:
    """Mean of the last ``period`` true ranges."""
    total = 0.0
    for i in range(at - period + 1, at + 1):
        total += true_range(high, low, close, i)
    return total / period


def atr_mean_soon(
    high: Floats, low: Floats, close: Floats, at: int, period: int, count: int
) -> float:
    """Mean of the ATRs at the last ``count`` candles, to within rounding."""
    now = 0.0
    for i in range(at - period + 1, at + 1):
        now += true_range(high, low, close, i)
    total = now
    for i in range(at, at - count + 1, -1):
        now += true_range(high, low, close, i - period) - true_range(high, low, close, i)
        total += now
    return total / (period * count)


def atr_wilder(high: Floats, low: Floats, close: Floats, start: int, at: int, period: int) -> float:
    """Wilder's ATR over the candles from ``start`` on, the first true range being its second's."""
    found = 0.0
    for i in range(start + 1, start + period + 1):
        found += true_range(high, low, close, i)
    found /= period
    for i in range(start + period + 1, at + 1):
        found = (found * (period - 1) + true_range(high, low, close, i)) / period
    return found


def mean_return(close: Floats, first: int, at: int) -> float:
    """Mean absolute return, in bps, between the closes from ``first`` to ``at``."""
    total = 0.0
    for i in range(first + 1, at + 1):
        total += abs(close[i] / close[i - 1] - 1.0)
    return total / (at - first) * 10_000.0


def macd(close: Floats, at: int, fast: int, slow: int) -> float:
    """The quick exponential average less the slow one."""
    return ema(close, at, fast) - ema(close, at, slow)


def macd_signal(close: Floats, at: int, fast: int, slow: int, period: int) -> float:
    """Exponential average of the last ``period`` values of the MACD, begun at the oldest."""
    share = 2.0 / (period + 1)
    e = macd(close, at - period + 1, fast, slow)
    for i in range(at - period + 2, at + 1):
        e = macd(close, i, fast, slow) * share + e * (1.0 - share)
    return e


def macd_lead_soon(close: Floats, at: int, fast: int, slow: int, period: int) -> float:
    """The MACD less its signal line, to within rounding of the price.

    Averages are moved on from candle to candle and not begun anew: with share a and n closes, of
    which the oldest, c, leaves and d becomes the oldest,
    E' = E + a (newest - E) + (1 - a)^n (d - c).
    """
    first = at - period + 1
    quick, calm = ema(close, first, fast), ema(close, first, slow)
    a, b, c = 2.0 / (fast + 1), 2.0 / (slow + 1), 2.0 / (period + 1)
    left, right = (1.0 - a) ** fast, (1.0 - b) ** slow
    e = quick - calm
    for i in range(first + 1, at + 1):
        quick += a * (close[i] - quick) + left * (close[i - fast + 1] - close[i - fast])
        calm += b * (close[i] - calm) + right * (close[i - slow + 1] - close[i - slow])
        e += c * (quick - calm - e)
    return quick - calm - e


VOLATILITY_CANDLES = 20


def volatility_bps(close: Floats, at: int) -> float:
    """Mean absolute return between the closes of the last 20 candles."""
    return mean_return(close, at - VOLATILITY_CANDLES + 1, at)


def slope_sign(close: Floats, at: int) -> int:
    """1, -1 or 0: the sign of the slope of the last 20 closes where it is more than one standard
    error away from 0."""
    n = VOLATILITY_CANDLES
    middle, average = (n - 1) / 2.0, mean(close, at, n)
    window = close[at - n + 1 : at + 1]
    both = 0.0
    for i in range(n):
        both += (i - middle) * (window[i] - average)
    along = n * (n * n - 1) / 12.0  # sum of the squares of i - middle
    slope = both / along
    rest = 0.0
    for i in range(n):
        off = window[i] - average - slope * (i - middle)
        rest += off * off
    if abs(slope) <= math.sqrt(rest / (n - 2) / along):
        return 0
    return 1 if slope > 0.0 else -1


def volatility_now(close: Floats, at: int) -> tuple[float, int]:
    """The volatility, and whether it rises, falls or stays, 1, -1 or 0: the last 10 candles' mean
    absolute return against that of the 10 before, equal within 10 %."""
    window = close[at - VOLATILITY_CANDLES + 1 : at + 1]
    half = VOLATILITY_CANDLES // 2
    total, before, now = 0.0, 0.0, 0.0
    for i in range(1, VOLATILITY_CANDLES):
        one = abs(window[i] / window[i - 1] - 1.0)
        total += one
        before += one if i < half else 0.0
        now += one if i > half else 0.0
    found = total / (VOLATILITY_CANDLES - 1) * 10_000.0
    if now > before * 1.1:
        return found, 1
    return found, -1 if now < before * 0.9 else 0

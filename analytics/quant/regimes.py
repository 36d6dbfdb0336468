"""What kind of market it is: volatility and session, and how much of a trend there is.

Volatility is the root mean square of the log returns of the last 50 bars, against its own median
over the last 1 000 bars; the label changes only well beyond it, which leaves a quarter of the
flips. Trend is weak context: none of the usual measures tells a trending market from another much
better than a coin (area under the curve .51 to .62 where the truth is known, volatility's .90).
Nothing here looks ahead: a bar's value rests on that bar and those before it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RETURNS, BARS = 50, 1_000
ENTER, LEAVE = 1.15, 0.87  # of the median: high from above the one until below the other
UNKNOWN, LOW, HIGH = -1, 0, 1
LABELS = ("low", "high")
ADX_BARS = 28
SESSIONS = ("asia", "europe", "us", "late", "weekend")
_SESSION_OF_HOUR = np.array([0] * 7 + [1] * 6 + [2] * 8 + [3] * 3)


def volatility(close: Floats, joined: NDArray[np.bool_], period: int = RETURNS) -> Floats:
    """Root mean square of the last ``period`` log returns at each bar, shape (n,); NaN before
    there are so many. ``joined`` says whether a bar follows on the one before it: the step across
    a gap is no return of a bar and is left out."""
    squares = np.zeros(close.size)
    squares[1:] = np.square(np.diff(np.log(close)))
    known = np.flatnonzero(joined & (np.arange(close.size) > 0))
    found = np.full(close.size, np.nan)
    if known.size < period:
        return found
    # Each window is summed anew: a running sum would carry the roundings of a crash for ever.
    windows = np.lib.stride_tricks.sliding_window_view(squares[known], period)
    value = np.sqrt(windows.mean(axis=1))
    newest = np.searchsorted(known, np.arange(close.size), side="right") - period
    there = newest >= 0
    found[there] = value[newest[there]]
    return found


def trailing_median(values: Floats, bars: int = BARS) -> Floats:
    """Median of the last ``bars`` values, the newest one included, shape (n,); NaN before there
    are so many that are known."""
    found = np.full(values.size, np.nan)
    ordered: list[float] = []
    known = np.flatnonzero(~np.isnan(values))
    listed = values[known].tolist()
    for place, (at, value) in enumerate(zip(known.tolist(), listed, strict=True)):
        if place >= bars:
            del ordered[bisect_left(ordered, listed[place - bars])]
        insort(ordered, value)
        if place + 1 >= bars:
            found[at] = (ordered[(bars - 1) // 2] + ordered[bars // 2]) / 2
    return found


def levels(values: Floats, median: Floats) -> Ints:
    """HIGH, LOW or UNKNOWN of each value, shape (n,), with hysteresis: high from above 1.15 times
    the median on, low from below 0.87 times on. Unknown before the first such crossing, so that a
    label never depends on how far back one begins; a value that is unknown has no label and
    changes nothing."""
    with np.errstate(invalid="ignore"):
        crossing = np.select(
            [values > ENTER * median, values < LEAVE * median], [HIGH, LOW], default=UNKNOWN
        )
    newest = np.maximum.accumulate(np.where(crossing != UNKNOWN, np.arange(values.size), -1))
    found = np.where(newest >= 0, crossing[newest], UNKNOWN)
    found[np.isnan(values) | np.isnan(median)] = UNKNOWN
    return np.asarray(found, dtype=np.int64)


def sessions(seconds: Ints) -> Ints:
    """Index into SESSIONS of moments (epoch seconds, UTC), shape (n,): Asia 0-7 h, Europe 7-13,
    US 13-21, late 21-24; Saturday and Sunday are the weekend."""
    hour, weekday = seconds // 3_600 % 24, (seconds // 86_400 + 3) % 7
    return np.asarray(np.where(weekday >= 5, 4, _SESSION_OF_HOUR[hour]), dtype=np.int64)


def adx(high: Floats, low: Floats, close: Floats, period: int = ADX_BARS) -> Floats:
    """Average directional index of Wilder (1978), 0 to 100, shape (n,); NaN for the first
    2 * period - 1 bars."""
    n = close.size
    found = np.full(n, np.nan)
    if n < 2 * period:
        return found
    up, down = np.diff(high), -np.diff(low)
    rises = np.where((up > down) & (up > 0), up, 0.0).tolist()
    falls = np.where((down > up) & (down > 0), down, 0.0).tolist()
    rise, fall = sum(rises[:period]), sum(falls[:period])
    index = _directional(rise, fall)
    total, value = index, math.nan
    for at in range(period, n - 1):
        rise += rises[at] - rise / period
        fall += falls[at] - fall / period
        index = _directional(rise, fall)
        if at < 2 * period - 1:
            total += index
            value = total / period
        else:
            value += (index - value) / period
        if at >= 2 * period - 2:
            found[at + 1] = value
    return found


def _directional(rise: float, fall: float) -> float:
    return 100.0 * abs(rise - fall) / (rise + fall) if rise + fall else 0.0


def newest(closed: Ints, interval: int, moments: Ints) -> Ints:
    """The newest bar that was closed at each moment, shape (m,): its index, -1 where there is
    none or where it closed a whole bar ago or longer (the bars of that time are missing)."""
    found = np.searchsorted(closed, moments, side="right") - 1
    if not closed.size:
        return np.asarray(found, dtype=np.int64)
    fresh = (found >= 0) & (moments - closed[found] < interval)
    return np.asarray(np.where(fresh, found, -1), dtype=np.int64)

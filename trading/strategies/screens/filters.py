"""Filters of several strategies for many bars at once: each bar is BLOCKS, PASSES or UNSURE.

``first`` is the number of the first candle judged, ``out`` has one place for each candle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trading.strategies.common import NEAR, beyond
from trading.strategies.engine.tape import BLOCKS, LONG_STAYS, PASSES, SHORT_STAYS, UNSURE
from trading.strategies.indicators import VOLATILITY_CANDLES, Floats


def unknown(first: int, wanted: int, out: NDArray[np.int8]) -> int:
    """How many candles from ``first`` on have fewer than ``wanted`` before them: UNSURE."""
    missing = min(max(wanted - first, 0), out.size)
    for i in range(missing):
        out[i] = UNSURE
    return missing


def screen_rsi(
    close: Floats,
    first: int,
    period: int,
    moved: Floats,
    low: float,
    high: float,
    out: NDArray[np.int8],
) -> None:
    """Blocks where the simple RSI is neither below ``low`` nor above ``high``; as ``clearly``."""
    start = unknown(first, period, out)
    at, stop = first + start, first + out.size
    now, before, older = (
        close[at:stop],
        close[at - 1 : stop - 1],
        close[at - period : stop - period],
    )
    moved, out = moved[start:], out[start:]
    for i in range(out.size):
        over = beyond(now[i], before[i], older[i], moved[i], high)
        under = beyond(now[i], before[i], older[i], moved[i], low)
        inside = (over < 0) & (under > 0)
        outside = (over > 0) | (under < 0)
        out[i] = BLOCKS if inside else PASSES if outside else UNSURE


def still_rsi(
    close: Floats,
    first: int,
    period: int,
    moved: Floats,
    low: float,
    high: float,
    out: NDArray[np.int8],
) -> None:
    """A long stays where the simple RSI is clearly above ``low``, a short where it is clearly below
    ``high``; as ``clearly``."""
    start = unknown(first, period, out)
    for i in range(start):
        out[i] = 0
    at, stop = first + start, first + out.size
    now, before, older = (
        close[at:stop],
        close[at - 1 : stop - 1],
        close[at - period : stop - period],
    )
    moved, out = moved[start:], out[start:]
    for i in range(out.size):
        over = beyond(now[i], before[i], older[i], moved[i], low)
        under = beyond(now[i], before[i], older[i], moved[i], high)
        out[i] = LONG_STAYS * (over > 0) + SHORT_STAYS * (under < 0)


def screen_volatility(
    close: Floats,
    first: int,
    moved: Floats,
    low: float,
    high: float,
    calm: float,
    out: NDArray[np.int8],
) -> None:
    """Blocks where the volatility is outside of its limits; UNSURE up to ``calm``."""
    start = unknown(first, VOLATILITY_CANDLES, out)
    at, stop = first + start, first + out.size
    now, before = close[at:stop], close[at - 1 : stop - 1]
    moved, out = moved[start:], out[start:]
    for i in range(out.size):
        share = moved[i] + abs(now[i] / before[i] - 1.0)
        found = share / (VOLATILITY_CANDLES - 1) * 10_000.0
        outside = (found < low * (1.0 - NEAR)) | (found > high * (1.0 + NEAR))
        inside = (found > low * (1.0 + NEAR)) & (found < high * (1.0 - NEAR))
        sure = inside & (found > calm * (1.0 + NEAR))
        out[i] = BLOCKS if outside else PASSES if sure else UNSURE


def screen_volume(
    volume: Floats, first: int, usual: Floats, wanted: float, out: NDArray[np.int8]
) -> None:
    """Blocks where the newest closed candle traded less than ``wanted`` times the sum ``usual``."""
    start = unknown(first, 1, out)
    newest = volume[first + start - 1 : first + out.size - 1]
    usual, out = usual[start:], out[start:]
    for i in range(out.size):
        thin = newest[i] < wanted * usual[i] * (1.0 - NEAR)
        enough = (newest[i] > wanted * usual[i] * (1.0 + NEAR)) | np.isnan(wanted * usual[i])
        out[i] = BLOCKS if thin else PASSES if enough else UNSURE

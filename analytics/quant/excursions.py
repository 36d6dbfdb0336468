"""How far prices went for and against a trade, as far as bars tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR = 0.002  # an entry price further outside its bar is one of another market, or another time


@dataclass(frozen=True, slots=True)
class Reach:
    """MFE and MAE of trades in percent of the entry price, shape (n,); NaN where the bars do not
    cover a trade.

    Of the bar in which a trade began and that in which it ended, nobody knows which part belongs
    to it. ``mfe`` and ``mae`` are what it reached at least: by the bars between, its entry and its
    exit; ``mfe_most`` and ``mae_most`` count both bars as a whole. ``to_mfe``: seconds to the end
    of the bar between with the best price, NaN where there is none or the exit was as good.
    """

    mfe: Floats
    mae: Floats
    mfe_most: Floats
    mae_most: Floats
    to_mfe: Floats


def reach(
    open_time: Ints,
    high: Floats,
    low: Floats,
    interval: int,
    entered: Floats,
    left: Floats,
    entry: Floats,
    exit_: Floats,
    side: Ints,
) -> Reach:
    """Of trades, shape (n,): moments in epoch seconds, prices, side 1 or -1; by bars, shape (m,),
    ascending, ``interval`` seconds each."""
    first, end, covered = _covering(open_time, interval, entered, left)
    if open_time.size:
        at = np.where(covered, first, 0)
        with np.errstate(invalid="ignore"):
            covered &= (entry <= high[at] * (1 + NEAR)) & (entry >= low[at] * (1 - NEAR))
    most = _both(high, low, first, end, covered, entry, exit_, side)
    begin = np.searchsorted(open_time, entered, side="left")
    stop = np.searchsorted(open_time, left - interval, side="right")
    least = _both(high, low, begin, stop, covered & (stop > begin), entry, exit_, side)
    by_exit = side * (exit_ / entry - 1) * 100
    without = (np.maximum(by_exit, 0.0), np.maximum(-by_exit, 0.0))
    mfe, mae = (
        np.where(covered, np.fmax(found, bare), np.nan)
        for found, bare in zip(least, without, strict=True)
    )
    # Of equal ones the larger reaches count: a bar as a whole holds its part.
    mfe_most, mae_most = (np.fmax(a, b) for a, b in zip(most, (mfe, mae), strict=True))
    to_mfe = _times(open_time + interval, high, low, begin, stop, mfe, by_exit, entered, side)
    return Reach(
        mfe, mae, np.where(covered, mfe_most, np.nan), np.where(covered, mae_most, np.nan), to_mfe
    )


def _covering(
    open_time: Ints, interval: int, entered: Floats, left: Floats
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """The bars from that of the entry to before ``end``, and whether they are all there."""
    start = np.floor_divide(entered, interval) * interval
    first = np.searchsorted(open_time, start, side="left")
    end = np.maximum(np.searchsorted(open_time, left, side="left"), first + 1)
    covered = end <= open_time.size
    if not open_time.size:
        return first, end, np.zeros(entered.size, dtype=bool)
    one, last = (np.where(covered, at, 0) for at in (first, end - 1))
    covered &= open_time[one] == start
    covered &= open_time[last] - open_time[one] == (last - one) * interval
    covered &= open_time[last] + interval >= left
    return first, end, covered


def _both(
    high: Floats,
    low: Floats,
    first: Ints,
    end: Ints,
    there: NDArray[np.bool_],
    entry: Floats,
    exit_: Floats,
    side: Ints,
) -> tuple[Floats, Floats]:
    """MFE and MAE by the bars [first, end), NaN where they are not ``there``."""
    best, worst = np.full(entry.size, np.nan), np.full(entry.size, np.nan)
    rows = np.flatnonzero(there)
    if not rows.size:
        return best, worst
    pairs = np.stack([first[rows], end[rows]], axis=1).reshape(-1)
    # An end may lie behind the last bar.
    top = np.maximum.reduceat(np.append(high, -np.inf), pairs)[::2]
    bottom = np.minimum.reduceat(np.append(low, np.inf), pairs)[::2]
    price, long = entry[rows], side[rows] > 0
    up, down = (top / price - 1) * 100, (1 - bottom / price) * 100
    best[rows] = np.maximum(np.where(long, up, down), 0.0)
    worst[rows] = np.maximum(np.where(long, down, up), 0.0)
    return best, worst


def _times(
    closed: Ints,
    high: Floats,
    low: Floats,
    begin: Ints,
    stop: Ints,
    mfe: Floats,
    by_exit: Floats,
    entered: Floats,
    side: Ints,
) -> Floats:
    found = np.full(mfe.size, np.nan)
    with np.errstate(invalid="ignore"):
        inside = np.flatnonzero((stop > begin) & (mfe > np.maximum(by_exit, 0.0)))
    for row in inside.tolist():
        part = slice(int(begin[row]), int(stop[row]))
        at = int(np.argmax(high[part]) if side[row] > 0 else np.argmin(low[part]))
        found[row] = closed[part.start + at] - entered[row]
    return found

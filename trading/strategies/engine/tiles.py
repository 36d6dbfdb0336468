"""What is said of many candles at once, and how a walk passes by those at which nothing can happen.

Only where the bars are the strategy's candles: a forming one is asked about bar by bar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.strategies.indicators import Floats

from .tape import (
    ALL,
    ASK,
    BLOCKS,
    LONG_STAYS,
    OPEN,
    SHARED,
    SHORT_STAYS,
    TILE,
    UNSURE,
    Tape,
    patience,
    prepare,
    screen,
    still,
)


def pass_by(t: Tape, s: Any, o: Any, funnel: NDArray[np.int64]) -> bool:
    """Go on over the bars of the tile at which a filter is sure to block; whether there were any.
    Only where the rules would be asked: warmed up, no cooldown, no pause."""
    now = s.candle + 1
    if now - s.first + 1 < s.warmup or now < s.free or t.filters.size == 0:
        return False
    if o.same == SHARED:
        return leap(t, s)
    start = s.at + 1
    blocked = t.blocked[start : start + min(s.size - start, s.until - s.bar)]
    passed = 0
    while passed < blocked.size and blocked[passed] >= 0:
        one, since = blocked[passed], passed
        while passed < blocked.size and blocked[passed] == one:
            passed += 1
        funnel[one] += passed - since
    s.bar += passed
    s.candle += passed
    s.at += passed
    s.evaluations += passed
    return passed > 0


def leap(t: Tape, s: Any) -> bool:
    """The same where screens are shared; which filter blocks is not known, and not counted."""
    start = s.at + 1
    at, stop = start, min(s.size, s.until)
    while at < stop and t.blocked[at] != 0:
        at += 1
        while at % 8 == 0 and at + 8 <= stop and t.words[at // 8] == ALL:
            at += 8
    s.bar += at - start
    s.candle += at - start
    s.at = at - 1
    return bool(at > start)


def hold(t: Tape, p: Any, s: Any, o: Any) -> bool:
    """Go on over the bars that leave a position as it is: between its levels, and still; whether
    there were any."""
    if o.intrabar == 0:
        return False
    mine = LONG_STAYS if s.side > 0 else SHORT_STAYS
    low, high = (s.stop, s.target) if s.side > 0 else (s.target, s.stop)
    latest = s.entered + patience(p) - o.bar
    start = s.at + 1
    at, stop = start, min(s.size, s.until)
    while (
        at < stop
        and t.still[at] & mine != 0
        and t.low[at] > low
        and t.high[at] < high
        and t.time[at] < latest
    ):
        at += 1
    s.bar += at - start
    s.candle += at - start
    s.at = at - 1
    return bool(at > start)


def begin_tile(t: Tape, p: Any, s: Any, o: Any, spare: Floats) -> None:
    """Where bars are candles: prepare and screen the next ones, up to a gap. What is known of
    candles before a gap of more than three says nothing of those after it."""
    k, stop = s.candle, t.time.size
    if s.gap < t.gaps.size:
        if t.gaps[s.gap] == s.bar:
            s.gaps += 1
            s.gap += 1
            s.first = k
        if s.gap < t.gaps.size:
            stop = t.gaps[s.gap]
    if o.same == SHARED:
        s.at, s.size = s.bar, stop
        return
    s.at, s.size = 0, min(TILE, stop - s.bar)
    for row in range(t.series.shape[0]):
        prepare(t, row, k, p, t.series[row][: s.size], spare)
    if t.filters.size:
        judge(t, k, p, t.blocked[: s.size], t.said[: s.size])


def ahead(
    t: Tape, row: int, part: int, values: Any, series: Floats, out: NDArray[np.int8], spare: Floats
) -> None:
    """One of the series for a whole history, where a part of the screen blocks (1, else 0), or
    where positions are left as they are."""
    for k in range(0, t.time.size, TILE):
        if row >= 0:
            prepare(t, row, k, values[0], series[k : k + TILE], spare)
        elif part < 0:
            still(t, k, k, values[0], out[k : k + TILE])
        else:
            some = out[k : k + TILE]
            screen(t, part, k, k, values[0], some)
            for i in range(some.size):
                some[i] = some[i] == BLOCKS


def judge(t: Tape, first: int, p: Any, blocked: NDArray[np.int8], said: NDArray[np.int8]) -> None:
    """The first filter that is sure to block at each candle from ``first`` on; ASK where none is,
    or one before it is not sure."""
    for i in range(blocked.size):
        blocked[i] = OPEN
    for part in range(t.filters.size):
        screen(t, part, first, 0, p, said)
        place = t.filters[part]
        for i in range(blocked.size):
            now = place if said[i] == BLOCKS else np.int8(ASK if said[i] == UNSURE else OPEN)
            blocked[i] = now if blocked[i] == OPEN else blocked[i]

"""The strategy's candles, as they form from bars or are the bars themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trading.strategies.indicators import Floats

from .tape import GAP_CANDLES, ROOM, TILE, Tape, prepare


def surveyed(time: Floats, bar: float, candle: float) -> tuple[int, int]:
    """How many bars do not open where candles begin, and before how many there is a gap."""
    off = int(np.floor(time[0] / candle) * candle != time[0])
    before, now = time[:-1], time[1:]
    odd = 0
    for i in range(now.size):
        odd += now[i] - before[i] != candle
    gaps = 0
    if odd > 0:
        for i in range(now.size):
            off += np.floor(now[i] / candle) * candle != now[i]
            gaps += now[i] - before[i] - bar > GAP_CANDLES * candle + ROOM
    return off, gaps


def grow(t: Tape, p: Any, s: Any, o: Any, spare: Floats) -> None:
    """Let the bar at ``s.bar`` into the candle that it belongs to, or begin one. What is known of
    candles before a gap of more than three says nothing of those after it."""
    i = s.bar
    last = s.last
    s.last = t.time[i]
    start = math.floor(t.time[i] / o.candle) * o.candle
    k = s.candle
    if k >= 0 and t.starts[k] == start:
        add_to_candle(t, k, i)
        return
    k += 1
    s.candle = k
    s.at += 1
    if s.at >= s.size:
        foresee(t, p, s, o, spare)
    open_candle(t, k, i, start)
    t.marks[k] = 0.0
    if k > 0 and t.time[i] - last - o.bar > GAP_CANDLES * o.candle + ROOM:
        s.gaps += 1
        s.first = k
    elif k > s.first:
        before = t.closes[k - 1]
        t.marks[k] = 1.0 if t.close[i] > before else -1.0 if t.close[i] < before else 0.0


def foresee(t: Tape, p: Any, s: Any, o: Any, spare: Floats) -> None:
    """Prepare the series of the next candles at once, of which each begins on closed ones alone.

    The candles stand complete where they will stand until they are begun; whoever is at a candle
    looks at none after it, and it is begun anew.
    """
    k, count = s.candle, 0
    if t.series.shape[0] == 0:
        s.at, s.size = 0, 0
        return
    for i in range(s.bar, t.time.size):
        start = math.floor(t.time[i] / o.candle) * o.candle
        if count > 0 and t.starts[k + count - 1] == start:
            add_to_candle(t, k + count - 1, i)
        elif count == TILE:
            break
        else:
            open_candle(t, k + count, i, start)
            count += 1
    s.at, s.size = 0, count
    for row in range(t.series.shape[0]):
        prepare(t, row, k, p, t.series[row][:count], spare)


def open_candle(t: Tape, k: int, i: int, start: float) -> None:
    t.starts[k], t.opens[k], t.highs[k] = start, t.open[i], t.high[i]
    t.lows[k], t.closes[k], t.volumes[k] = t.low[i], t.close[i], t.volume[i]


def add_to_candle(t: Tape, k: int, i: int) -> None:
    t.highs[k] = max(t.highs[k], t.high[i])
    t.lows[k] = min(t.lows[k], t.low[i])
    t.closes[k] = t.close[i]
    t.volumes[k] += t.volume[i]


def mark(t: Tape, at: int) -> float:
    """Direction in which a candle began, of one that is not the first after a gap."""
    if t.marks.size:
        return float(t.marks[at])
    change = t.closes[at] - t.closes[at - 1]
    return 1.0 if change > 0.0 else -1.0 if change < 0.0 else 0.0

"""The bars of a market by which its conditions are told: those of a strategy's own candles, made
of whatever finer ones are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trading.market import candles
from trading.market import series as stored_series
from trading.market.candles import Candles

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one market, ascending, all of them complete. ``interval`` in seconds."""

    interval: int
    candles: Candles

    @property
    def closed(self) -> np.ndarray:
        """When each bar was over, epoch seconds, shape (n,)."""
        return np.asarray(self.candles.open_time + self.interval)

    @property
    def joined(self) -> np.ndarray:
        """Whether a bar follows on the one before it, shape (n,)."""
        return np.diff(self.candles.open_time, prepend=-1) == self.interval


def load(bot: Any, market: str, interval: int, wanted: int, since: float, until: float) -> Bars:
    """The bars of a market that opened at ``since`` or later and closed by ``until``: of
    ``wanted`` seconds where the stored ``interval`` divides it, else as they are stored. A bot's
    own series comes before the shared one."""
    length = bar_length(interval, wanted)
    series = candles.find_series(bot, market, interval)
    first, end = -int(-since // length) * length, int(until // length) * length
    found = candles.load(series, first, end)
    return Bars(length, coarser(found, length) if length != interval else found)


def bar_length(interval: int, wanted: int) -> int:
    """Seconds of the bars that ``load`` makes."""
    return wanted if wanted % interval == 0 else interval


def intervals(bot: Any, market: str, wanted: int) -> list[int]:
    """The stored intervals of a market, best first."""
    there = {one.interval for one in stored_series.stored(bot) if one.market == market}
    return sorted(there, key=lambda one: (wanted % one != 0, abs(one - wanted), one))


def coarser(found: Candles, interval: int) -> Candles:
    """Candles joined into those of a longer interval; a volume is NaN where none is known."""
    start = found.open_time // interval * interval
    first = np.flatnonzero(np.diff(start, prepend=-1))
    if first.size == len(found):
        return found
    last = np.append(first[1:], len(found)) - 1
    known = ~np.isnan(found.volume)
    volume = np.add.reduceat(np.where(known, found.volume, 0.0), first)
    volume[np.add.reduceat(known.astype(np.int64), first) == 0] = np.nan
    return Candles(
        start[first],
        found.open[first],
        np.maximum.reduceat(found.high, first),
        np.minimum.reduceat(found.low, first),
        found.close[last],
        volume,
    )

"""The bars of a market by which its conditions are told: those of a strategy's own candles, made
of whatever finer ones are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trading.market import candles
from trading.market import series as stored_series
from trading.market.candles import Candles

if TYPE_CHECKING:
    from analytics.frames.reports import Bot

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
        return np.asarray(np.diff(self.candles.open_time, prepend=-1) == self.interval)


def load(bot: Bot, market: str, interval: int, wanted: int, since: float, until: float) -> Bars:
    """The bars of a market that opened at ``since`` or later and closed by ``until``: of
    ``wanted`` seconds where the stored ``interval`` divides it, else as they are stored. A bot's
    own series comes before the shared one."""
    length = bar_length(interval, wanted)
    series = candles.find_series(bot, market, interval)
    assert series is not None
    first, end = -int(-since // length) * length, int(until // length) * length
    stored = candles.load(series, first, end)
    return Bars(length, coarser(stored, length) if length != interval else stored)


def bar_length(interval: int, wanted: int) -> int:
    """Seconds of the bars that ``load`` makes."""
    return wanted if wanted % interval == 0 else interval


def intervals(bot: Bot, market: str, wanted: int) -> list[int]:
    """The stored intervals of a market, best first."""
    there = {series.interval for series in stored_series.stored(bot) if series.market == market}
    return sorted(
        there, key=lambda interval: (wanted % interval != 0, abs(interval - wanted), interval)
    )


def coarser(bars: Candles, interval: int) -> Candles:
    """Candles joined into those of a longer interval; a volume is NaN where none is known."""
    start = bars.open_time // interval * interval
    first = np.flatnonzero(np.diff(start, prepend=-1))
    if first.size == len(bars):
        return bars
    last = np.append(first[1:], len(bars)) - 1
    known = ~np.isnan(bars.volume)
    volume = np.add.reduceat(np.where(known, bars.volume, 0.0), first)
    volume[np.add.reduceat(known.astype(np.int64), first) == 0] = np.nan
    return Candles(
        start[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        volume,
    )

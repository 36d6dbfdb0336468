"""Many sets of values along the same bars: what each came to, by sums.

Where bars are the strategy's candles, the series of closed candles and the bars at which a filter
blocks are computed once for all sets that have the parameters that they depend on in common, and a
walk leaps from one bar that no filter blocks to the next. Trades are those of ``Walk``, one set
after another; the funnel is not counted. Sets are shared among threads (compiled code runs beside
other compiled code), each with its own state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trading.strategies.base import Rules, Strategy
from trading.strategies.indicators import Floats
from trading.strategies.parameters import Value
from trading.strategies.windows import WIDEST

from . import tape, tiles
from .compiled import Function, compiled
from .tape import TILE, Tape
from .walk import NO_GAPS, NO_MARKS, NOT_STILL, Bars, Fills, Walk, record

DAY = 86_400
SUMS = np.dtype(
    [(name, np.int64) for name in ("trades", "wins", "losses", "days")]
    + [
        (name, np.float64)
        for name in ("total", "gain", "loss", "squares", "peak", "drawdown", "held", "sharpe")
    ]
)
# Of the results in percent, as the tallies of live trades have them: gain and loss without their
# signs, drawdown of the running total, held in seconds, days with an exit; sharpe of calendar days'
# totals a year, NaN where it is not defined.


def collect(rows: Floats, sums: Any, totals: Floats, counts: NDArray[np.int64], first: int) -> None:
    """Add trades to the sums and to their days', the first of which is number ``first``."""
    s = sums[0]
    for i in range(rows.shape[0]):
        result = rows[i, tape.RESULT]
        s.trades += 1
        s.wins += result > 0.0
        s.losses += result < 0.0
        s.gain += max(result, 0.0)
        s.loss += max(-result, 0.0)
        s.total += result
        s.squares += result * result
        s.peak = max(s.peak, s.total)
        s.drawdown = max(s.drawdown, s.peak - s.total)
        s.held += rows[i, tape.LEFT] - rows[i, tape.ENTERED]
        day = min(int(rows[i, tape.LEFT] // DAY) - first, totals.size - 1)
        totals[day] += result
        counts[day] += 1


def settle(sums: Any, totals: Floats, counts: NDArray[np.int64]) -> None:
    """The ratio of mean to deviation (ddof 1) of the days' totals, a year; NaN for fewer than two
    days with trades, or no spread."""
    s = sums[0]
    mean, size, largest = s.total / totals.size, totals.size, 0.0
    spread = 0.0
    for i in range(size):
        s.days += counts[i] > 0
        spread += (totals[i] - mean) * (totals[i] - mean)
        largest = max(largest, abs(totals[i]))
    s.sharpe = math.nan
    if s.days > 1:
        deviation = math.sqrt(spread / (size - 1))
        if deviation > 1e-12 * largest:
            s.sharpe = mean / deviation * math.sqrt(365.0)


NO_FILTERS = np.zeros(0, np.int8)
STILL = -1  # in the place of the number of a screen
Shared: TypeAlias = Tape | None  # None where bars are not candles
_compiled: dict[tuple[Any, ...], Function] = {}


def _made(function: Function, strategy: Strategy, plain: bool) -> Function:
    """A function with a strategy's rules, compiled once a process."""
    assert strategy.trading is not None
    hooks = strategy.trading.hooks()
    place = function, strategy.trading, plain
    if place not in _compiled:
        _compiled[place] = compiled(function, hooks, strategy.key, plain)
    return _compiled[place]


class Sweep:
    """Bars that many sets are tried on; what was computed of them is kept for the next sets."""

    def __init__(
        self,
        strategy: Strategy,
        bars: Bars,
        interval: int,
        fills: Fills | None = None,
        plain: bool = False,
    ) -> None:
        if strategy.trading is None:
            raise ValueError(f"{strategy.key} has no rules here")
        self.strategy, self.bars, self.interval = strategy, bars, interval
        self.rules: Rules = strategy.trading
        self.fills, self.plain = fills or Fills(), plain
        self._series: dict[tuple[Any, ...], Floats] = {}
        # By screen and its parameters: where it blocks; under STILL what ``still`` says.
        self._blocks: dict[tuple[Any, ...], NDArray[np.int8]] = {}

    def measure(
        self,
        sets: Sequence[Mapping[str, Value]],
        threads: int = 2,
        tell: Callable[[float], None] = lambda share: None,
    ) -> NDArray[Any]:
        """SUMS of each set, in order; ``sets`` are complete and sound. Raises BadInterval."""
        out = np.zeros(len(sets), SUMS)
        groups: dict[tuple[Any, ...], list[int]] = {}
        for at, values in enumerate(sets):
            groups.setdefault(self._row_keys(values), []).append(at)
        done = 0
        with ThreadPoolExecutor(threads) as pool:
            for group in groups.values():
                parts = [group[at::threads] for at in range(threads)]
                shared = self._prepared(sets[group[0]], [sets[at] for at in group], pool)
                jobs = [pool.submit(self._some, sets, part, shared, out) for part in parts if part]
                for job in jobs:
                    job.result()
                done += len(group)
                tell(done / len(sets))
        return out

    def _row_keys(self, values: Mapping[str, Value]) -> tuple[Any, ...]:
        return tuple(
            (row, *(values[name] for name in names)) for row, names in enumerate(self.rules.series)
        )

    def _part_keys(self, values: Mapping[str, Value]) -> list[tuple[Any, ...]]:
        return [
            (part, *(values[name] for name in one.parameters))
            for part, one in enumerate(self.rules.screens)
        ]

    def _still_key(self, values: Mapping[str, Value]) -> tuple[Any, ...]:
        return (STILL, *(values[name] for name in self.rules.stays))

    def _prepared(self, first: Mapping[str, Value], sets: list[Any], pool: Any) -> Shared:
        """Series and screens of sets that have the parameters of all series in common."""
        walk = Walk(self.strategy, first, self.interval, self.fills, self.plain)
        same, gaps = walk.are_candles(self.bars)
        if not same:
            return None
        size = len(self.bars)
        series = np.zeros((len(self.rules.series), size))
        filters = walk.filters if self.rules.screens else NO_FILTERS
        everything: list[Any] = [
            *self.bars.columns(),
            *self.bars.columns(),
            NO_MARKS,
            series,
            gaps,
            filters,
            NO_FILTERS,
            NO_GAPS,
            NO_FILTERS,
            NOT_STILL,
        ]
        t = Tape(*everything)
        ahead = _made(tiles.ahead, self.strategy, self.plain)
        for row, key in enumerate(self._row_keys(first)):
            if key not in self._series:
                out = np.zeros(size)
                ahead(t, row, -1, walk.p, out, NO_FILTERS, _spare())
                self._series[key] = out
            series[row] = self._series[key]
        wanted = {
            key: values
            for values in sets
            for key in (*self._part_keys(values), self._still_key(values))
        }
        missing = [key for key in wanted if key not in self._blocks]

        def judged(key: tuple[Any, ...]) -> NDArray[np.int8]:
            out = np.zeros(size, np.int8)
            ahead(t, -1, key[0], record(self.strategy, wanted[key]), NO_MARKS, out, _spare())
            return out

        self._blocks.update(zip(missing, pool.map(judged, missing), strict=True))
        return t

    def _some(
        self,
        sets: Sequence[Mapping[str, Value]],
        places: list[int],
        shared: Shared,
        out: NDArray[Any],
    ) -> None:
        """Walk with some of the sets, one after another."""
        size = len(self.bars)
        first = int(self.bars.time[0] // DAY) if size else 0
        end = float(self.bars.time[-1]) + self.interval if size else 0.0
        days = int((end - 1) // DAY) - first + 1 if size else 1
        totals, counts = np.zeros(days), np.zeros(days, np.int64)
        blocked = np.zeros(size + 8, np.int8)
        t = shared
        if shared is not None:
            words = blocked[: size // 8 * 8].view(np.int64)
            t = shared._replace(blocked=blocked, words=words)
        gather = _made(collect, self.strategy, self.plain)
        close = _made(settle, self.strategy, self.plain)
        walk = None
        for at in places:
            if walk is None or t is None:
                walk = Walk(self.strategy, sets[at], self.interval, self.fills, self.plain)
            else:
                walk.again(sets[at])
            sums = out[at : at + 1].view(np.recarray)
            totals[:], counts[:] = 0.0, 0
            if t is None:
                gather(walk.take(self.bars), sums, totals, counts, first)
                if size:
                    last = walk.finish(float(self.bars.close[-1]), end)
                    gather(last, sums, totals, counts, first)
            else:
                self._block(sets[at], blocked[:size])
                t = t._replace(still=self._blocks[self._still_key(sets[at])])
                done = False
                while not done:
                    rows, done = walk.along(t)
                    gather(rows, sums, totals, counts, first)
            close(sums, totals, counts)

    def _block(self, values: Mapping[str, Value], out: NDArray[np.int8]) -> None:
        """Where any part of the screen blocks."""
        keys = self._part_keys(values)
        if not keys:
            return
        np.copyto(out, self._blocks[keys[0]])
        for key in keys[1:]:
            np.bitwise_or(out, self._blocks[key], out=out)


def _spare() -> Floats:
    return np.zeros((2, TILE + WIDEST))

"""A walk along base bars with a strategy's rules: a whole history at once, or bar by bar as a live
bot does, by the same code and with the same decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import engine
from .base import Strategy
from .common import WINDOW
from .compiled import Function, compiled, fingerprint
from .engine import COLUMNS, OPTIONS, STATE, Tape
from .indicators import VOLATILITY_CANDLES, Floats
from .parameters import Boolean, Choice, Integer, Value

ROWS = 4_096  # trades between two copies
KEPT = 2 * WINDOW  # candles that stay when room is made


class BadInterval(ValueError):
    """Bars of which the strategy's candles cannot be built."""


class BadBars(ValueError):
    """Bars that are not in order, or no bars."""


@dataclass(frozen=True, slots=True)
class Fills:
    """How orders are filled. ``fee_bps`` of the notional on each side; ``half_spread_bps`` and
    ``slippage_bps`` of the price against us, on each side. ``intrabar`` tests stop and target
    against a bar's low and high, None where the bars are the strategy's candles; ``next_open``
    fills at the open of the bar after the decision."""

    fee_bps: float = 0.0
    half_spread_bps: float = 0.0
    slippage_bps: float = 0.0
    intrabar: bool | None = None
    next_open: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Base bars by column, shape (n,): open times in seconds since 1970, ascending; volumes are
    NaN where unknown. Raises BadBars."""

    time: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        if self.time.size > 1 and not (np.diff(self.time) > 0).all():
            raise BadBars("the bars must be in order of their times, each once")
        if len({len(getattr(self, name)) for name in self.__slots__}) != 1:
            raise BadBars("the columns of the bars differ in length")

    def __len__(self) -> int:
        return int(self.time.size)

    def part(self, start: int, stop: int) -> Bars:
        return Bars(*(getattr(self, name)[start:stop] for name in self.__slots__))


def prices(time: Floats, price: Floats) -> Bars:
    """Bars of a price that was polled: open, high, low and close are the price."""
    time, price = np.ascontiguousarray(time, float), np.ascontiguousarray(price, float)
    return Bars(time, price, price, price, price, np.full(price.size, np.nan))


def record(strategy: Strategy, values: Mapping[str, Value]) -> Any:
    """The values as the rules read them: choices by their place, boxes as 1 and 0."""
    kinds = [(one.name, np.int64 if isinstance(one, Integer | Choice | Boolean) else np.float64)
             for one in strategy.parameters]  # fmt: skip
    found = np.recarray(1, dtype=np.dtype(kinds))
    for one in strategy.parameters:
        value: Any = values[one.name]
        found[one.name][0] = one.choices.index(value) if isinstance(one, Choice) else value
    return found


_runs: dict[tuple[str, str, bool], Function] = {}


def _run(strategy: Strategy, plain: bool) -> Function:
    """The engine with a strategy's rules, compiled once a process."""
    assert strategy.trading is not None
    place = strategy.key, version_of(strategy), plain
    if place not in _runs:
        _runs[place] = compiled(engine.run, strategy.trading.hooks(), strategy.key, plain)
    return _runs[place]


def version_of(strategy: Strategy) -> str:
    """A fingerprint of the code that a walk of a strategy runs."""
    assert strategy.trading is not None
    return fingerprint(engine.run, strategy.trading.hooks())


class Walk:
    """``values`` are complete and sound (``Strategy.clean``); ``interval`` is the length of a base
    bar in seconds. Raises BadInterval."""

    def __init__(
        self, strategy: Strategy, values: Mapping[str, Value], interval: int,
        fills: Fills | None = None, plain: bool = False,
    ) -> None:  # fmt: skip
        if strategy.trading is None:
            raise ValueError(f"{strategy.key} has no rules here")
        self.strategy, self.interval = strategy, interval
        fills = fills or Fills()
        self.candle, self.raised = candle_length(strategy, values, interval)
        self.values = {**values, "candle_interval_seconds": self.candle}
        self.p = record(strategy, self.values)
        self.s = np.recarray(1, dtype=STATE)
        self.s.fill(0)
        self.s["candle"], self.s["left"], self.s["last"] = -1, -np.inf, -np.inf
        self.s["warmup"] = max(strategy.trading.warmup(self.values), VOLATILITY_CANDLES)
        self.o = np.recarray(1, dtype=OPTIONS)
        intrabar = self.candle == interval if fills.intrabar is None else fills.intrabar
        against = fills.half_spread_bps + fills.slippage_bps
        self.o[0] = (interval, self.candle, fills.fee_bps, against, intrabar, fills.next_open)
        self.memory = np.zeros(strategy.trading.memory)
        self.funnel = np.zeros(len(strategy.filters), np.int64)
        self._rows = np.zeros((ROWS, COLUMNS + len(strategy.features)))
        self._candles: list[Floats] = [np.zeros(0) for _ in range(7)]
        self._seen = 0
        self._run = _run(strategy, plain)

    @property
    def state(self) -> Any:
        """The engine's STATE."""
        return self.s[0]

    def take(self, bars: Bars) -> Floats:
        """Walk along further bars; the trades that were closed on them, a row each by the columns
        of ``engine``, the strategy's features behind; bars are counted from the first ever."""
        state = self.s[0]
        self._make_room(bars)
        t = Tape(bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume,
                 *self._candles)  # fmt: skip
        state.bar = 0
        found = []
        done = False
        while not done:
            done = self._run(
                t, self.p[0], state, self.o[0], self.memory, self._rows, self.funnel
            )
            found.append(self._moved_out())
        state.entry_bar -= len(bars)
        self._seen += len(bars)
        return np.concatenate(found)

    def finish(self, price: float, time: float) -> Floats:
        """Close what is open at the last price, for the reason end_of_data."""
        state = self.s[0]
        if state.side == 0:
            return self._rows[:0].copy()
        state.bar = -1
        engine.close_position(price, time, engine.END_OF_DATA, state, self.o[0], self._rows)
        return self._moved_out()

    def _moved_out(self) -> Floats:
        """The trades that are complete; what an open one has noted moves to the front."""
        state = self.s[0]
        count = int(state.trades)
        rows = self._rows[:count].copy()
        rows[:, engine.ENTRY_BAR] += self._seen
        rows[:, engine.EXIT_BAR] += self._seen
        if 0 < count < ROWS:
            self._rows[0] = self._rows[count]
        state.trades = 0
        return rows

    def _make_room(self, bars: Bars) -> None:
        """Room for as many candles as the bars may begin; the oldest go."""
        state = self.s[0]
        most = len(bars)
        if most:
            most = min(most, int((bars.time[-1] - bars.time[0]) // self.candle) + 2)
        if state.candle + 1 + most <= self._candles[0].size:
            return
        first = max(0, int(state.candle) + 1 - KEPT)
        room = int(state.candle) + 1 - first + max(most, KEPT)
        for at, column in enumerate(self._candles):
            larger = np.zeros(room)
            kept = column[first : int(state.candle) + 1]
            larger[: kept.size] = kept
            self._candles[at] = larger
        state.candle -= first
        state.first = max(state.first - first, 0)


def candle_length(
    strategy: Strategy, values: Mapping[str, Value], interval: int
) -> tuple[int, bool]:
    """Seconds of the candles, and whether they had to be made longer: never shorter than a bar.
    Raises BadInterval where bars do not fit into them."""
    wanted = int(values.get("candle_interval_seconds", interval))
    if interval > wanted:
        return interval, True
    if wanted % interval:
        raise BadInterval(
            f"{strategy.key} uses candles of {wanted} s, and bars of {interval} s do not fit into "
            "them"
        )
    return wanted, False

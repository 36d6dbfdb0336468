"""A walk along base bars with a strategy's rules: a whole history at once, or bar by bar as a live
bot does, by the same code and with the same decisions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from trading.strategies.base import Rules, Strategy
from trading.strategies.common import WINDOW
from trading.strategies.indicators import VOLATILITY_CANDLES, Floats
from trading.strategies.parameters import Boolean, Choice, Integer, Parameter, Value
from trading.strategies.windows import WIDEST

from . import candles, decisions, positions, tape
from .compiled import Function, compiled, fingerprint
from .tape import COLUMNS, OPTIONS, STATE, TILE, Tape

ROWS = 1_024  # trades between two copies
PORTION = 100_000  # bars between two signs of how far it is
NEVER = 2**62  # a candle that does not come
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
    NaN where unknown. ``apart`` are the seconds between any two neighbours, 0 where that differs.
    Raises BadBars."""

    time: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    apart: float = field(init=False, compare=False, default=0.0)

    def __post_init__(self) -> None:
        for name, one in zip(self.__slots__, self.columns(), strict=False):
            # Rules are compiled for arrays like this, and would be once more for any other.
            if one.dtype != np.float64 or not (one.flags.c_contiguous and one.flags.writeable):
                object.__setattr__(self, name, np.array(one, np.float64))
        if self.time.size > 1:
            steps = np.diff(self.time)
            least = float(steps.min())
            if not least > 0:
                raise BadBars("the bars must be in order of their times, each once")
            if least == steps.max():
                object.__setattr__(self, "apart", least)
        if len({len(one) for one in self.columns()}) != 1:
            raise BadBars("the columns of the bars differ in length")

    def columns(self) -> tuple[Floats, ...]:
        return self.time, self.open, self.high, self.low, self.close, self.volume

    def __len__(self) -> int:
        return int(self.time.size)

    def part(self, start: int, stop: int) -> Bars:
        return Bars(*(one[start:stop] for one in self.columns()))


def prices(time: Floats, price: Floats) -> Bars:
    """Bars of a price that was polled: open, high, low and close are the price."""
    time, price = np.ascontiguousarray(time, float), np.ascontiguousarray(price, float)
    return Bars(time, price, price, price, price, np.full(price.size, np.nan))


def record(strategy: Strategy, values: Mapping[str, Value]) -> Any:
    """The values as the rules read them: choices by their place, boxes as 1 and 0."""
    found = np.empty(1, _layout(strategy.parameters))
    found[0] = tuple(
        one.choices.index(values[one.name]) if isinstance(one, Choice) else values[one.name]
        for one in strategy.parameters
    )
    return found.view(np.recarray)


@cache
def _layout(parameters: tuple[Parameter, ...]) -> np.dtype[Any]:
    whole = Integer | Choice | Boolean
    return np.dtype(
        [(one.name, np.int64 if isinstance(one, whole) else np.float64) for one in parameters]
    )


_runs: dict[tuple[Rules, str, bool], Function] = {}
_surveys: dict[bool, Function] = {}
NO_GAPS = np.zeros(0, np.int64)
NO_MARKS = np.zeros(0)
NOT_STILL = np.zeros(0, np.int8)


def _run(strategy: Strategy, plain: bool) -> Function:
    """The engine with a strategy's rules, compiled once a process."""
    assert strategy.trading is not None
    place = strategy.trading, strategy.key, plain
    if place not in _runs:
        _runs[place] = compiled(decisions.run, strategy.trading.hooks(), strategy.key, plain)
    return _runs[place]


def survey(time: Floats, interval: int, candle: int, plain: bool) -> tuple[bool, Any]:
    """Whether all bars open where candles begin; and the bars before which there is a gap."""
    if plain not in _surveys:
        _surveys[plain] = compiled(candles.surveyed, {}, "bars", plain)
    off, gaps = _surveys[plain](time, float(interval), float(candle))
    if off or not gaps:
        return not off, NO_GAPS
    longest = tape.GAP_CANDLES * candle + tape.ROOM
    return True, np.flatnonzero(np.diff(time) - interval > longest) + 1


def version_of(strategy: Strategy) -> str:
    """A fingerprint of the code that a walk of a strategy runs."""
    assert strategy.trading is not None
    return fingerprint(decisions.run, strategy.trading.hooks())


class Walk:
    """``values`` are complete and sound (``Strategy.clean``); ``interval`` is the length of a base
    bar in seconds. Raises BadInterval."""

    def __init__(
        self,
        strategy: Strategy,
        values: Mapping[str, Value],
        interval: int,
        fills: Fills | None = None,
        plain: bool = False,
    ) -> None:
        if strategy.trading is None:
            raise ValueError(f"{strategy.key} has no rules here")
        self.strategy, self.interval = strategy, interval
        fills = fills or Fills()
        self.candle, self.raised = candle_length(strategy, values, interval)
        self.values = {**values, "candle_interval_seconds": self.candle}
        self.p = record(strategy, self.values)
        plainly = np.zeros(1, STATE)
        self._s = plainly.view(np.recarray)
        self._now = plainly[0]  # the same numbers, quicker to read
        intrabar = self.candle == interval if fills.intrabar is None else fills.intrabar
        against = fills.half_spread_bps + fills.slippage_bps
        options = np.zeros(1, OPTIONS)
        options[0] = (
            interval,
            self.candle,
            fills.fee_bps,
            against,
            intrabar,
            fills.next_open,
            False,
        )
        self._o = options.view(np.recarray)
        self.memory = np.zeros(strategy.trading.memory)
        self.funnel = np.zeros(len(strategy.filters), np.int64)
        self._rows = np.zeros((ROWS, COLUMNS + len(strategy.features)))
        self._candles: list[Floats] = [np.zeros(0) for _ in range(7)]
        rules = strategy.trading
        self._series = np.zeros((len(rules.series), TILE))
        places = [strategy.filters.index(one.filter) for one in rules.screens if not one.shared]
        self.filters = np.array(places, np.int8)
        self._said, self._blocked = np.zeros(TILE, np.int8), np.zeros(TILE, np.int8)
        self._spare = np.zeros((2, TILE + WIDEST))
        self._seen, self._same = 0, False
        self._plain, self._run = plain, _run(strategy, plain)
        self._begin()

    @cached_property
    def _end(self) -> Function:
        return compiled(positions.end, {}, self.strategy.key, self._plain)

    def _begin(self) -> None:
        rules, state = self.strategy.trading, self._now
        assert rules is not None
        state["candle"], state["left"], state["last"] = -1, -np.inf, -np.inf
        state["warmup"] = max(rules.warmup(self.values), VOLATILITY_CANDLES)

    def again(self, values: Mapping[str, Value]) -> None:
        """Begin anew with other values, of the same length of candles."""
        self.values = {**values, "candle_interval_seconds": self.candle}
        self.p = record(self.strategy, self.values)
        self._s.fill(0)
        self.memory.fill(0.0)
        self._begin()

    def go_on(self, left: float, streak: int, stops: int) -> None:
        """From here on without a position, and with the past of other values: when they left their
        last one, their losses in a row, and which of their last exits were stops, as bits."""
        state = self._now
        state["side"] = state["waiting"] = state["exited"] = 0
        state["left"], state["streak"], state["stops"] = left, streak, stops
        # By bars: gaps let candles be fewer, and the rest then be asked for longer than needed.
        rest = max(left - state["last"], 0.0) + positions.longest_rest(self.p[0], self.state)
        begun = bool(state["candle"] >= 0)
        state["free"] = state["candle"] + 1 + math.ceil(rest / self.candle) if begun else NEVER

    @property
    def state(self) -> Any:
        """The engine's STATE."""
        return self._s[0]

    def take(self, bars: Bars, tell: Callable[[float], None] = lambda share: None) -> Floats:
        """Walk along further bars; the trades that were closed on them, a row each by the columns
        of ``engine``, the strategy's features behind; bars are counted from the first ever.
        ``tell`` hears the share that is done."""
        state = self._now
        same, gaps = self.are_candles(bars)
        self._same = same
        self._o["same"] = same
        columns = self._columns(bars, same)
        everything: list[Any] = [
            *bars.columns(),
            *columns,
            self._series,
            gaps,
            self.filters,
            self._said,
            NO_GAPS,
            self._blocked,
            NOT_STILL,
        ]
        t = Tape(*everything)
        state["bar"] = state["at"] = state["size"] = state["gap"] = 0
        found = [self._rows[:0].copy()]
        while state["bar"] < len(bars):
            state["until"] = min(int(state["bar"]) + PORTION, len(bars))
            while not self._run(
                t, self.p, self._s, self._o, self.memory, self._rows, self.funnel, self._spare
            ):
                found.append(self._moved_out())
            tell(float(state["bar"] / len(bars)))
        found.append(self._moved_out())
        self._keep(bars, columns)
        # The candle that is forming goes on with the next bars.
        self._series[:, 0] = self._series[:, int(state["at"])]
        state["entry_bar"] -= len(bars)
        self._seen += len(bars)
        return np.concatenate(found)

    def along(self, t: Tape) -> tuple[Floats, bool]:
        """Walk along a whole history whose series and screens stand ready (``sweep``); trades until
        there is no room for more, good until the next call, and whether it came to the end."""
        state = self._now
        self._o["same"] = tape.SHARED
        state["until"], state["trades"] = t.time.size, 0
        done = self._run(
            t, self.p, self._s, self._o, self.memory, self._rows, self.funnel, self._spare
        )
        if done:
            self._end(
                float(t.close[-1]),
                float(t.time[-1]) + self.interval,
                self.p,
                self._s,
                self._o,
                self._rows,
            )
        return self._rows[: int(state["trades"])], done

    def finish(self, price: float, time: float) -> Floats:
        """Close what is open at the last price, for the reason end_of_data."""
        state = self._now
        if state["side"] == 0:
            return self._rows[:0].copy()
        state["bar"] = -1
        positions.close_position(
            price, time, tape.END_OF_DATA, self.p[0], self.state, self._o[0], self._rows
        )
        return self._moved_out()

    def _moved_out(self) -> Floats:
        """The trades that are complete; what an open one has noted moves to the front."""
        state = self._now
        count = int(state["trades"])
        rows = self._rows[:count].copy()
        rows[:, tape.ENTRY_BAR] += self._seen
        rows[:, tape.EXIT_BAR] += self._seen
        if 0 < count < ROWS:
            self._rows[0] = self._rows[count]
        state["trades"] = 0
        return rows

    def _columns(self, bars: Bars, same: bool) -> list[Floats]:
        """The candles' columns, with room for those that the bars may begin. Bars that are candles
        stand in them already; a long history is not even copied."""
        state = self._now
        count = int(state["candle"]) + 1
        if same and count == 0 and len(bars) > KEPT:
            return [*bars.columns(), NO_MARKS]
        self._make_room(bars)
        if not same:
            return self._candles
        count = int(state["candle"]) + 1
        for one, column in zip(bars.columns(), self._candles[:-1], strict=True):
            column[count : count + len(bars)] = one
        return [*self._candles[:-1], NO_MARKS]

    def are_candles(self, bars: Bars) -> tuple[bool, Any]:
        """Whether each bar is a candle of its own, beginning where candles begin; and the bars
        before which there is a gap."""
        if self.candle != self.interval or not len(bars):
            return False, NO_GAPS
        newest = int(self._now["candle"])
        if newest < 0 and bars.apart == self.candle and bars.time[0] % self.candle == 0.0:
            return True, NO_GAPS
        if newest < 0:
            return survey(bars.time, self.interval, self.candle, self._plain)
        last = self._candles[0][newest]
        if last >= bars.time[0] or last // self.candle * self.candle != last:
            return False, NO_GAPS
        found, gaps = survey(
            np.concatenate(([last], bars.time)), self.interval, self.candle, self._plain
        )
        return found, gaps - 1

    def _keep(self, bars: Bars, columns: list[Floats]) -> None:
        """Of bars that are candles, what the next ones need to know."""
        if not self._same:
            return
        state = self._now
        state["last"] = bars.time[-1]
        count = int(state["candle"]) + 1
        if columns[0] is bars.time:
            first = max(count - KEPT, 0)
            self._candles = [
                np.concatenate((one[first:count], np.zeros(KEPT))) for one in columns[:-1]
            ]
            self._candles.append(np.zeros(2 * KEPT))
            self._forget(first)
            count -= first
        first = max(count - len(bars), 1)
        closes, marks = self._candles[4], self._candles[6]
        marks[first:count] = np.sign(np.diff(closes[first - 1 : count]))

    def _make_room(self, bars: Bars) -> None:
        """Room for as many candles as the bars may begin; the oldest go."""
        state = self._now
        most = len(bars)
        if most:
            most = min(most, int((bars.time[-1] - bars.time[0]) // self.candle) + 2)
        if state["candle"] + 1 + most <= self._candles[0].size:
            return
        first = max(0, int(state["candle"]) + 1 - KEPT)
        room = int(state["candle"]) + 1 - first + max(most, KEPT)
        for at, column in enumerate(self._candles):
            larger = np.zeros(room)
            kept = column[first : int(state["candle"]) + 1]
            larger[: kept.size] = kept
            self._candles[at] = larger
        self._forget(first)

    def _forget(self, count: int) -> None:
        """The oldest candles are gone."""
        state = self._now
        state["candle"] -= count
        state["free"] -= count
        state["first"] = max(state["first"] - count, 0)


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

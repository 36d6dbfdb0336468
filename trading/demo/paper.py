"""The paper bot's trading: each strategy's own rules, walked along the candles that the bot stores.

A session is a pure function of the market, the time and the parameter sets, so that the same minute
gives the same trades however often it is computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from trading.clock import from_epoch
from trading.demo.market import DAY, MARKETS, candles
from trading.strategies import get, renko
from trading.strategies.base import Feature, Strategy
from trading.strategies.engine import tape
from trading.strategies.engine.walk import Bars, Fills, Walk
from trading.strategies.indicators import Floats

RENKO = "renko_ao"  # keeps its wall of bricks first in its memory
STEP = 600  # seconds of a candle
HOUR = 3_600
# The bot restarts every six days, so that a session never reaches back further. It enters nothing
# in the hours before, and starts with the indicators of the last candles.
RESTART = 6 * DAY
QUIET = 3 * HOUR
WARM = 200
FEE_BPS = 0.4  # of the notional, on each side
FILLS = Fills(fee_bps=FEE_BPS)
TRENDS = {1: "up", -1: "down", 0: "sideways"}
VOLATILITY_TRENDS = {1: "increasing", -1: "decreasing", 0: "stable"}


@dataclass(frozen=True)
class ValueSet:
    """A parameter set and the second from which it was live."""

    since: float
    version: int
    values: Mapping[str, Any] = field(compare=False)


def live(sets: Sequence[ValueSet], at: float) -> ValueSet:
    """The set at a moment; the first one before all of them."""
    return next((entry for entry in reversed(sets) if entry.since <= at), sets[0])


@dataclass(frozen=True)
class PaperTrade:
    """One closed trade; ``row`` holds the engine's columns, the strategy's features behind."""

    strategy: Strategy
    market: str
    version: int
    row: list[float]

    @property
    def id(self) -> str:
        return trade_id(self.strategy, self.market, self.entered)

    @property
    def entered(self) -> int:
        return int(self.row[tape.ENTERED])

    @property
    def left(self) -> int:
        return int(self.row[tape.LEFT])

    @property
    def reason(self) -> str:
        number = int(self.row[tape.REASON])
        return "end_of_data" if number < 0 else self.strategy.exit_reasons[number]

    def record(self) -> dict[str, Any]:
        """The trade as POST trades/ takes it."""
        traded = MARKETS[self.market]
        side = int(self.row[tape.SIDE])
        entry, leaving, stop = (
            round(self.row[column], traded.decimals)
            for column in (tape.ENTRY, tape.LEAVING, tape.STOP)
        )
        fee = FEE_BPS / 10_000 * (entry + leaving) * traded.size
        pnl = side * (leaving - entry) * traded.size - fee
        return {
            "id": self.id,
            "strategy": self.strategy.key,
            "market": self.market,
            "side": side_name(side),
            "entry_price": entry,
            "exit_price": leaving,
            "size": traded.size,
            "entry_time": self.entered,
            "exit_time": self.left,
            "exit_reason": self.reason,
            "stop_loss": stop,
            "fee": round(fee, 6),
            "pnl": round(pnl, 6),
            "pnl_pct": round(pnl / (entry * traded.size) * 100, 8),
            "parameter_set": self.version,
            "mode": "paper",
            "context": self._context(),
        }

    def _context(self) -> dict[str, Any]:
        decided = from_epoch(self.entered)
        features = zip(self.strategy.features, self.row[tape.COLUMNS :], strict=True)
        return {
            "volatility_bps": _rounded(self.row[tape.VOLATILITY]),
            "price_trend": TRENDS[int(self.row[tape.TREND])],
            "volatility_trend": VOLATILITY_TRENDS[int(self.row[tape.VOLATILITY_TREND])],
            "entry_hour": decided.hour,
            "entry_day_of_week": decided.weekday(),
            "signal_strength": _rounded(self.row[tape.STRENGTH]),
            "mfe_pct": _rounded(self.row[tape.MFE]),
            "mae_pct": _rounded(self.row[tape.MAE]),
            "time_to_mfe_seconds": int(self.row[tape.MFE_AT]),
            "hold_time_seconds": self.left - self.entered,
            "reached_tp": self.reason == "take_profit",
            "reached_sl": self.reason == "stop_loss",
            **{feature.name: _described(feature, value) for feature, value in features},
            "synthetic": True,
        }


def trade_id(strategy: Strategy, market: str, entered: int) -> str:
    return f"{strategy.key}-{market}-{entered}"


def side_name(side: int) -> str:
    return "long" if side > 0 else "short"


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _described(feature: Feature, value: float) -> Any:
    if math.isnan(value):
        return None
    if feature.kind == "category":
        return feature.choices[int(value)]
    return bool(value) if feature.kind == "boolean" else round(value, 6)


@dataclass
class Session:
    """What one strategy did in one market between two restarts, up to a moment.

    ``funnel`` counts by hour (its start in epoch seconds): ``evaluations``, ``signals``, and under
    each filter's name what it blocked.
    """

    trades: list[PaperTrade] = field(default_factory=list)
    position: dict[str, Any] | None = None
    funnel: dict[int, Counter[str]] = field(default_factory=dict)
    bricks: list[dict[str, Any]] = field(default_factory=list)


def restarts(since: int, until: int) -> Iterator[tuple[int, int]]:
    """The sessions that overlap with (since, until], each from its start to its end."""
    for start in range(since // RESTART * RESTART, until, RESTART):
        yield start, start + RESTART


@lru_cache(maxsize=128)
def session(
    key: str, market: str, start: int, end: int, until: int, sets: tuple[ValueSet, ...]
) -> Session:
    """The session from ``start`` to ``end`` as far as ``until``, both in epoch seconds."""
    return _Trader(get(key), market, start, end, sets).trade(min(until, end))


class _Trader:
    """Walks hour by hour; begins a new walk when other parameters are live and it is flat."""

    def __init__(
        self, strategy: Strategy, market: str, start: int, end: int, sets: Sequence[ValueSet]
    ) -> None:
        self.strategy, self.market, self.sets = strategy, market, sets
        self.start, self.end, self.quiet_at = start, end, end - QUIET
        self.done = Session()

    def trade(self, until: int) -> Session:
        rows = candles(self.market, STEP, self.start - WARM * STEP, until)
        self.bars = Bars(*np.ascontiguousarray(rows.T))
        self.closes_at = self.bars.time + STEP
        at = WARM
        chosen = live(self.sets, self.start)
        walk = self._walk(chosen, at, None)
        while at < len(self.bars):
            newest = live(self.sets, self.closes_at[at])
            if newest != chosen and not walk.state.side:
                chosen, walk = newest, self._walk(newest, at, walk)
            stop = at + 1 if newest != chosen else self._chunk_end(at)
            self._take(walk, chosen, at, stop)
            at = stop
        if until == self.end and walk.state.side:
            last = walk.finish(float(self.bars.close[-1]), float(until))
            self._keep(last, chosen)
        elif walk.state.side and walk.state.entered < self.quiet_at:
            self.done.position = self._position(walk)
        return self.done

    def _walk(self, chosen: ValueSet, at: int, before: Walk | None) -> Walk:
        """A walk that is warm and has no position; pauses and losing streak go on."""
        values = self.strategy.complete(chosen.values)
        if int(values["candle_interval_seconds"]) % STEP:
            values = {**values, "candle_interval_seconds": STEP}
        # Plain Python: compiling the rules takes longer than a month of these candles.
        walk = Walk(self.strategy, values, STEP, FILLS, plain=True)
        walk.take(self.bars.part(max(at - WARM, 0), at))
        if before is None:
            walk.go_on(-math.inf, 0, 0)
        else:
            state = before.state
            walk.go_on(float(state.left), int(state.streak), int(state.stops))
        return walk

    def _chunk_end(self, at: int) -> int:
        """The end of the hour, or the bar on which other parameters become live."""
        first = self.closes_at[at]
        hour_end = (first - STEP) // HOUR * HOUR + HOUR
        changes = [entry.since for entry in self.sets if entry.since > first]
        last = min([hour_end + STEP, *changes])
        return max(at + 1, int(np.searchsorted(self.closes_at, last)))

    def _take(self, walk: Walk, chosen: ValueSet, at: int, stop: int) -> None:
        before = self._counts(walk)
        bricks = self.strategy.key == RENKO and int(walk.memory[renko.DRAWN])
        self._keep(walk.take(self.bars.part(at, stop)), chosen)
        if self.closes_at[at] < self.quiet_at:
            hour = int(self.bars.time[at]) // HOUR * HOUR
            self.done.funnel.setdefault(hour, Counter()).update(self._counts(walk) - before)
        if self.strategy.key == RENKO:
            self._draw(walk.memory, int(walk.memory[renko.DRAWN]) - bricks, at, stop)

    def _counts(self, walk: Walk) -> Counter[str]:
        blocked = dict(zip(self.strategy.filters, walk.funnel.tolist(), strict=True))
        state = walk.state
        counted = {"evaluations": int(state.evaluations), "signals": int(state.signals)}
        return Counter(blocked | counted)

    def _keep(self, rows: Floats, chosen: ValueSet) -> None:
        self.done.trades += [
            PaperTrade(self.strategy, self.market, chosen.version, row)
            for row in rows.tolist()
            if row[tape.ENTERED] < self.quiet_at
        ]

    def _position(self, walk: Walk) -> dict[str, Any]:
        """The open position as PUT positions/ takes it."""
        traded, state = MARKETS[self.market], walk.state
        entered = int(state.entered)
        entry, stop, target = (
            round(float(price), traded.decimals)
            for price in (state.entry, state.stop, state.target)
        )
        return {
            "strategy": self.strategy.key,
            "market": self.market,
            "side": side_name(int(state.side)),
            "entry_price": entry,
            "size": traded.size,
            "initial_size": traded.size,
            "stop_loss": stop,
            "take_profit": target,
            "entry_time": entered,
            "as_of": int(self.closes_at[-1]),
            "order_id": trade_id(self.strategy, self.market, entered),
            "extra": {"synthetic": True, "price": float(self.bars.close[-1])},
        }

    def _draw(self, wall: Floats, count: int, at: int, stop: int) -> None:
        """Note the newest bricks of a wall, each with the bar whose close completed it."""
        digits = MARKETS[self.market].decimals + 2
        newest = int(wall[renko.COUNT])
        bar = at
        for brick in range(max(newest - count, 1), newest):
            close = renko.close_of(wall, brick)
            direction = int(renko.direction_of(wall, brick))
            before = renko.close_of(wall, brick - 1)
            turned = renko.direction_of(wall, brick - 1) != direction
            size = abs(close - before) / (2 if turned else 1)
            while bar < stop - 1 and direction * (self.bars.close[bar] - close) < 0:
                bar += 1
            opened = close - direction * size
            bricks = self.done.bricks
            begin = bricks[-1]["close_time"] if bricks else int(self.bars.time[bar])
            self.done.bricks.append(
                {
                    "open_time": begin,
                    "close_time": int(self.closes_at[bar]),
                    "open": round(opened, digits),
                    "close": round(close, digits),
                    "direction": direction,
                    "high": round(max(opened, close), digits),
                    "low": round(min(opened, close), digits),
                    "size": round(size, digits),
                }
            )

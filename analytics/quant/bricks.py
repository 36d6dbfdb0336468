"""The bricks that a strategy drew as it walked along bars, for whoever wants to see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.strategies import renko
from trading.strategies.base import Strategy
from trading.strategies.engine.walk import Bars, Walk
from trading.strategies.parameters import Value

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bricks:
    """By column, shape (n,): the end of the portion of bars in which each was closed (seconds
    since 1970), and its open and close."""

    time: Floats
    open: Floats
    close: Floats

    def __len__(self) -> int:
        return int(self.time.size)


def draws(strategy: Strategy) -> bool:
    """Whether a strategy walks on bricks: its parameters count them, and the wall of ``renko``
    stands at the front of what it remembers."""
    return strategy.trading is not None and any(one.unit == "bricks" for one in strategy.parameters)


def drawn(
    strategy: Strategy,
    values: Mapping[str, Value],
    bars: Bars,
    interval: int,
    first: int = 0,
    portion: int = 1,
) -> Bricks:
    """The bricks closed from the bar ``first`` on, as they follow from all bars; looked for after
    each ``portion`` of bars, so that their times are as coarse. Raises BadInterval.

    A brick against the one before opens one size beyond its close, half way to its own; where one
    size is enough to turn, at that close.
    """
    walk = Walk(strategy, values, interval)
    walk.take(bars.part(0, first))
    beyond = int(values["renko_reversal_bricks"]) > 1
    columns: list[Floats] = []
    seen = walk.memory[renko.DRAWN]
    for start in range(first, len(bars), portion):
        end = min(start + portion, len(bars))
        walk.take(bars.part(start, end))
        count, ever = int(walk.memory[renko.COUNT]), walk.memory[renko.DRAWN]
        new = min(int(ever - seen), count)
        if new:
            opens, closes = _newest(walk.memory, count, new, beyond)
            time = np.full(new, bars.time[end - 1] + interval)
            columns.append(np.vstack([time, opens, closes]))
        seen = ever
    table = np.hstack(columns) if columns else np.zeros((3, 0))
    return Bricks(table[0], table[1], table[2])


def _newest(wall: Floats, count: int, new: int, beyond: bool) -> tuple[Floats, Floats]:
    """Opens and closes of the newest bricks of a wall."""
    closes = np.array([renko.close_of(wall, at) for at in range(count - new, count)])
    facing = np.array([renko.direction_of(wall, at) for at in range(count - new, count)])
    before = count - new - 1
    last = renko.close_of(wall, before) if before >= 0 else float(wall[renko.FROM])
    turned = renko.direction_of(wall, before) if before >= 0 else facing[0]
    opens = np.concatenate(([last], closes[:-1]))
    against = facing != np.concatenate(([turned], facing[:-1]))
    opens = np.where(against & beyond, (opens + closes) / 2.0, opens)
    return opens, closes

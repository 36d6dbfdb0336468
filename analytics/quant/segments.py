"""A replay in stretches, each with the values that were live then, as one bot would trade them.

Each stretch has a walk of its own, begun early enough that its indicators are warm. What passes
from one to the next is what a bot keeps when it is told other values: the position that is open is
left by the rules and values that entered it, and nothing is entered before; cooldown, losing streak
and pause go on. What a strategy keeps for itself (bricks, say) is that of the stretch's own walk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trading.strategies.base import Strategy
from trading.strategies.engine import tape
from trading.strategies.engine.walk import PORTION, Bars, Fills, Walk
from trading.strategies.parameters import Value

from .outcome import Replayed

WARM = 1_000  # candles before a stretch that its walk begins with
FIRST_LOOK = 256  # bars in which an open position is looked for at first
RECENT = 5  # exits that the engine's cooldown looks at
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that are live for entries with ``start`` <= moment < ``end`` (seconds since 1970)."""

    start: float
    end: float
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a bot keeps from one stretch to the next."""

    left: float = -np.inf
    streak: int = 0
    stops: int = 0

    def after(self, rows: Floats) -> Carried:
        """The same once these trades were made, in order of their exits."""
        left, streak, stops = self.left, self.streak, self.stops
        for row in rows:
            left = max(left, float(row[tape.LEFT]))
            streak = streak + 1 if row[tape.RESULT] < 0.0 else 0
            stopped = int(row[tape.REASON] == tape.STOP_LOSS)
            stops = ((stops << 1) | stopped) & ((1 << RECENT) - 1)
        return Carried(left, streak, stops)


def replayed(
    strategy: Strategy,
    stretches: Sequence[Stretch],
    bars: Bars,
    interval: int,
    fills: Fills,
    tell: Callable[[float], None] = lambda share: None,
) -> tuple[Replayed, NDArray[np.int64]]:
    """All trades that were entered in the stretches (ascending, apart), and which each is of.

    A position that is still open where the bars end is no trade yet. Raises BadInterval.
    """
    carried: Carried | None = None
    rows, of, walks = [], [], []
    counts = np.zeros(3 + len(strategy.filters), np.int64)
    for at, stretch in enumerate(stretches):
        walk, made, counted, carried = _walked(
            strategy, stretch, bars, interval, fills, carried, lambda bar: tell(bar / len(bars))
        )
        rows.append(made)
        of.append(np.full(len(made), at, np.int64))
        walks.append(walk)
        counts += counted
    evaluations, signals, gaps, *blocked = counts.tolist()
    inside = _within(bars, interval, stretches)
    longest = max(walks, key=lambda walk: walk.candle)
    found = Replayed(
        strategy,
        inside,
        interval,
        longest.candle,
        any(walk.raised for walk in walks),
        int(longest.state.warmup),
        gaps,
        np.concatenate(rows),
        evaluations,
        signals,
        dict(zip(strategy.filters, blocked, strict=True)),
    )
    return found, np.concatenate(of)


def closed_before(found: Replayed, until: float) -> Replayed:
    """Without the trades that were left at a moment or later."""
    return replace(found, rows=found.rows[found.rows[:, tape.LEFT] < until])


def _walked(
    strategy: Strategy,
    stretch: Stretch,
    bars: Bars,
    interval: int,
    fills: Fills,
    carried: Carried | None,
    taken: Callable[[int], None],
) -> tuple[Walk, Floats, NDArray[np.int64], Carried]:
    """The walk of a stretch, its trades, its counts, and what it hands on; ``taken`` hears how
    many of all bars were taken."""
    walk = Walk(strategy, stretch.values, interval, fills)
    first, last = (_bar(bars, interval, moment) for moment in (stretch.start, stretch.end))
    warm = int(np.searchsorted(bars.time, stretch.start - WARM * walk.candle))
    before = walk.take(bars.part(min(warm, first), first))
    if carried is None:
        carried = Carried().after(before)
    else:
        # Begin as the bot stands, whatever the warm-up came to.
        walk.go_on(carried.left, carried.streak, carried.stops)
    counts = -_counts(walk)
    made = []
    for start in range(first, last, PORTION):
        end = min(start + PORTION, last)
        made.append(walk.take(bars.part(start, end)))
        taken(end)
    counts += _counts(walk)
    made.append(_left_later(walk, bars, last))
    rows = np.concatenate(made)
    inside = (rows[:, tape.ENTERED] >= stretch.start) & (rows[:, tape.ENTERED] < stretch.end)
    return walk, rows[inside], counts, carried.after(rows)


def _left_later(walk: Walk, bars: Bars, at: int) -> Floats:
    """The trade that is open when a stretch ends, where the bars say how it was left."""
    step = FIRST_LOOK
    while (walk.state.side or walk.state.waiting) and at < len(bars):
        found = walk.take(bars.part(at, at + step))
        if len(found):
            return found[:1]
        at, step = at + step, step * 2
    return np.zeros((0, tape.COLUMNS + len(walk.strategy.features)))


def _counts(walk: Walk) -> NDArray[np.int64]:
    state = walk.state
    return np.array([state.evaluations, state.signals, state.gaps, *walk.funnel], np.int64)


def _bar(bars: Bars, interval: int, moment: float) -> int:
    """The first bar that decides at a moment or later: a bar does at its end."""
    return int(np.searchsorted(bars.time + interval, moment))


def _within(bars: Bars, interval: int, stretches: Sequence[Stretch]) -> Bars:
    """The bars from the first stretch to the last."""
    return bars.part(
        _bar(bars, interval, stretches[0].start), _bar(bars, interval, stretches[-1].end)
    )

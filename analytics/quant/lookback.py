"""What a strategy's rules made of one stretch of a market, having seen what came before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.quant.outcome import DAY, Replayed
from trading.ledger.metrics import Daily
from trading.strategies.base import Strategy
from trading.strategies.engine import tape
from trading.strategies.engine.walk import Bars, Fills, Walk
from trading.strategies.parameters import Value

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """``evaluations``, ``signals`` and ``blocked`` (by filter) of the stretch alone; ``rows`` are
    the trades that were entered in it, shape (n, columns of the engine and features), one that
    was open at its end closed at the last price."""

    evaluations: int
    signals: int
    blocked: dict[str, int]
    rows: Floats


def stretch(
    strategy: Strategy,
    values: Mapping[str, Value],
    bars: Bars,
    interval: int,
    since: float,
    fills: Fills,
) -> Stretch:
    """Walk along all bars, and count from those on that opened at ``since`` (epoch seconds) or
    later: the bars before warm the indicators up. Raises BadInterval."""
    walk = Walk(strategy, values, interval, fills)
    first = int(np.searchsorted(bars.time, since))
    rows = [walk.take(bars.part(0, first))]
    before = int(walk.state.evaluations), int(walk.state.signals), walk.funnel.copy()
    rows.append(walk.take(bars.part(first, len(bars))))
    if len(bars):
        rows.append(walk.finish(float(bars.close[-1]), float(bars.time[-1]) + interval))
    made = np.concatenate(rows)
    blocked = (walk.funnel - before[2]).tolist()
    return Stretch(
        int(walk.state.evaluations) - before[0],
        int(walk.state.signals) - before[1],
        dict(zip(strategy.filters, blocked, strict=True)),
        made[made[:, tape.ENTERED] >= since],
    )


def daily(found: Replayed) -> Daily:
    """The sums of a replay's trades by day of exit, from the day of its first bar to that of its
    last."""
    first, last = (int(found.bars.time[at] // DAY) for at in (0, -1))
    size = last - first + 1
    # An exit at the very end of the last day still belongs to it.
    at = np.minimum(found.rows[:, tape.LEFT] // DAY - first, size - 1).astype(np.int64)
    totals = np.bincount(at, weights=found.rows[:, tape.RESULT], minlength=size)
    return Daily(totals.astype(np.float64), np.bincount(at, minlength=size))

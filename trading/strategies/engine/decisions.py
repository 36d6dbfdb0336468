"""What happens when a strategy decides: candles, positions, fills, costs, exits, pauses, counts.

``run`` walks along base bars from where it was left, so that a replay of a year and a live bot that
hands over one bar at a time take the same way. Rules: see the docstring of each function; nothing
looks beyond the bar that it is at.

Plain loops over arrays, compiled where numba is installed (``compiled``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.strategies.indicators import Floats, slope_sign, volatility_bps, volatility_now

from .candles import grow
from .positions import ended, fill_waiting, manage, rested, take_position
from .tape import COLUMNS, ENTER, SHARED, Tape, advance, describe, enter, ready
from .tiles import begin_tile, hold, pass_by


def run(
    t: Tape,
    values: Any,
    state: Any,
    options: Any,
    memory: Floats,
    trades: Floats,
    funnel: NDArray[np.int64],
    spare: Floats,
) -> bool:
    """Take the bars before ``s.until`` that were not taken yet; False where ``trades`` was full
    before. Parameters, state and options are arrays of one record: such are handed over quickly.

    A bar's order: what waited for its open; stop and target as they stood against its low and
    high; then its close: the stop follows, exits are tested, and where no position was closed on
    this bar an entry.
    """
    p, s, o = values[0], state[0], options[0]
    while s.bar < s.until:
        if s.trades == trades.shape[0]:
            return False
        free = s.waiting == 0 and o.same != 0 and s.at + 1 < s.size
        if free and s.side == 0 and pass_by(t, s, o, funnel):
            continue
        if free and s.side != 0 and o.same == SHARED and hold(t, p, s, o):
            continue
        if o.same == 0:
            grow(t, p, s, o, spare)
        else:
            s.candle += 1
            s.at += 1
            if s.at >= s.size:
                begin_tile(t, p, s, o, spare)
        advance(t, p, s, memory)
        s.exited = 0
        if s.waiting != 0:
            fill_waiting(t, p, s, o, memory, trades)
        if s.side != 0:
            manage(t, p, s, o, memory, trades)
        elif s.exited == 0 and s.waiting == 0 and may_enter(t, p, s, o, memory):
            decide(t, p, s, o, memory, trades, funnel)
        s.bar += 1
    return True


def may_enter(t: Tape, p: Any, s: Any, o: Any, memory: Floats) -> bool:
    """Whether the rules are asked: warmed up, no cooldown, no pause."""
    if s.candle - s.first + 1 < s.warmup or not ready(t, p, s, memory):
        return False
    return bool(s.candle >= s.free or rested(t, p, s, ended(t, s, o) - s.left))


def decide(
    t: Tape, p: Any, s: Any, o: Any, memory: Floats, trades: Floats, funnel: NDArray[np.int64]
) -> None:
    """Ask the rules; count what they answer; enter now, or at the next open."""
    price = t.close[s.bar]
    s.evaluations += 1
    side, blocked, strength = enter(t, price, p, s, memory)
    if side == 0:
        funnel[blocked] += 1
        return
    signal(side, strength, price, t, p, s, o, memory, trades)


def signal(
    side: int,
    strength: float,
    price: float,
    t: Tape,
    p: Any,
    s: Any,
    o: Any,
    memory: Floats,
    trades: Floats,
) -> None:
    """Write down what an entry is judged by later, and enter."""
    s.signals += 1
    s.strength = strength
    s.side = side
    if o.same == SHARED:
        s.volatility = volatility_bps(t.closes, s.candle)
    else:
        s.volatility, s.volatility_trend = volatility_now(t.closes, s.candle)
        s.trend = slope_sign(t.closes, s.candle)
        describe(t, price, p, s, memory, trades[s.trades, COLUMNS:])
    if o.next_open != 0:
        s.waiting = ENTER
        s.reason = side
        s.side = 0
    else:
        take_position(side, price, ended(t, s, o), p, s, o, memory)

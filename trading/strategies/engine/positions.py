"""What happens to a position: entry, levels, the stop that follows, costs, exit, and the rest after
it. Nothing looks beyond the bar that it is at."""

from __future__ import annotations

import math
from typing import Any

from trading.strategies.indicators import VOLATILITY_CANDLES, Floats, volatility_bps

from .tape import (
    END_OF_DATA,
    ENTER,
    ENTERED,
    ENTRY,
    ENTRY_BAR,
    EXIT,
    EXIT_BAR,
    LEAVING,
    LEFT,
    LONGEST_COOLDOWN,
    MAE,
    MFE,
    MFE_AT,
    REASON,
    RECENT,
    RESULT,
    ROOM,
    SHARED,
    SIDE,
    STOP,
    STOP_LOSS,
    STRENGTH,
    TAKE_PROFIT,
    TARGET,
    TREND,
    VOLATILITY,
    VOLATILITY_TREND,
    Tape,
    follow,
    leave,
    place,
)


def ended(t: Tape, s: Any, o: Any) -> float:
    """When a decision on this bar is taken: at its end."""
    return float(t.time[s.bar] + o.bar)


def take_position(
    side: int, price: float, at: float, p: Any, s: Any, o: Any, memory: Floats
) -> None:
    """Enter at a price, with the costs against us."""
    s.side = side
    s.entry = price * (1.0 + side * o.half / 10_000.0)
    s.entered, s.entry_bar = at, s.bar
    s.mfe_at = 0.0
    s.best = s.ahead = s.behind = s.entry
    s.stop, s.target = place(s.entry, side, p, s, memory)
    s.first_stop = s.stop


def fill_waiting(t: Tape, p: Any, s: Any, o: Any, memory: Floats, trades: Floats) -> None:
    """What was decided at the last bar's close is done at this bar's open."""
    waiting = s.waiting
    s.waiting = 0
    if waiting == ENTER:
        take_position(s.reason, t.open[s.bar], float(t.time[s.bar]), p, s, o, memory)
    else:
        close_position(t.open[s.bar], float(t.time[s.bar]), s.reason, p, s, o, trades)


def manage(t: Tape, p: Any, s: Any, o: Any, memory: Floats, trades: Floats) -> None:
    """A position on a bar: its levels, the stop that follows, the rules' own exits."""
    i, at = s.bar, ended(t, s, o)
    if o.intrabar != 0:
        near, far = (t.low[i], t.high[i]) if s.side > 0 else (t.high[i], t.low[i])
        reason, price = touched(t.open[i], near, far, s)
        if reason >= 0:
            if o.same != SHARED:
                watch(price, price, at, s)
            close_position(price, at, reason, p, s, o, trades)
            return
        if o.same != SHARED:
            watch(near, far, at, s)
    price = t.close[i]
    if o.intrabar == 0 and o.same != SHARED:
        watch(price, price, at, s)
    s.best = price if s.side * (price - s.best) > 0.0 else s.best
    moved = follow(price, p, s, memory)
    s.stop = max(s.stop, moved) if s.side > 0 else min(s.stop, moved)
    reason = crossed(price, s) if o.intrabar == 0 else -1
    if reason < 0:
        reason = leave(t, price, at - s.entered, p, s, memory)
    if reason < 0:
        return
    if o.next_open != 0:
        s.waiting, s.reason = EXIT, reason
    else:
        close_position(price, at, reason, p, s, o, trades)


def end(price: float, at: float, values: Any, state: Any, options: Any, trades: Floats) -> None:
    """Close what is open when there are no more bars."""
    if state[0].side != 0:
        close_position(price, at, END_OF_DATA, values[0], state[0], options[0], trades)


def touched(opened: float, near: float, far: float, s: Any) -> tuple[int, float]:
    """The level that a bar came to, the stop first, and the price there: the level, or the open
    of a bar that opened beyond it. -1 for none. ``near`` is the end of the bar towards the stop."""
    if s.side * (near - s.stop) <= 0.0:
        return STOP_LOSS, opened if s.side * (opened - s.stop) < 0.0 else s.stop
    if s.side * (far - s.target) >= 0.0:
        return TAKE_PROFIT, opened if s.side * (opened - s.target) > 0.0 else s.target
    return -1, 0.0


def crossed(price: float, s: Any) -> int:
    """The level that a close is at or beyond, the stop first; -1 for none."""
    if s.side * (price - s.stop) <= 0.0:
        return STOP_LOSS
    if s.side * (price - s.target) >= 0.0:
        return TAKE_PROFIT
    return -1


def watch(near: float, far: float, at: float, s: Any) -> None:
    """Note the prices at which a position was behind and ahead at most."""
    ahead = s.side * (far - s.ahead) > 0.0
    s.mfe_at = at - s.entered if ahead else s.mfe_at
    s.ahead = far if ahead else s.ahead
    s.behind = near if s.side * (near - s.behind) < 0.0 else s.behind


def best_gain(s: Any) -> float:
    """The best profit so far, by closes, as a share of the entry."""
    return float(s.side * (s.best - s.entry) / s.entry)


def made(price: float, s: Any) -> float:
    """Percent that a position is ahead at a price, before costs."""
    return float(s.side * (price - s.entry) / s.entry * 100.0)


def close_position(
    price: float, at: float, reason: int, p: Any, s: Any, o: Any, trades: Floats
) -> None:
    """Leave at a price, with the costs against us; write the trade down."""
    out = price * (1.0 - s.side * o.half / 10_000.0)
    fees = o.fee * (1.0 + out / s.entry) / 100.0
    result = s.side * (out - s.entry) / s.entry * 100.0 - fees
    row = trades[s.trades]
    row[ENTRY_BAR], row[EXIT_BAR], row[ENTERED], row[LEFT] = s.entry_bar, s.bar, s.entered, at
    row[SIDE], row[ENTRY], row[LEAVING], row[RESULT] = s.side, s.entry, out, result
    row[REASON], row[MFE], row[MAE] = reason, made(s.ahead, s), -made(s.behind, s)
    row[MFE_AT] = s.mfe_at
    row[STOP], row[TARGET], row[STRENGTH] = s.first_stop, s.target, s.strength
    row[VOLATILITY], row[TREND] = s.volatility, s.trend
    row[VOLATILITY_TREND] = s.volatility_trend
    s.trades += 1
    s.side, s.exited, s.left = 0, 1, at
    s.streak = s.streak + 1 if result < 0.0 else 0
    s.stops = ((s.stops << 1) | int(reason == STOP_LOSS)) & ((1 << RECENT) - 1)
    # The next candle may begin at once; those after it begin no less than a length apart.
    s.free = s.candle + 1 + math.ceil(longest_rest(p, s) / o.candle)


def rested(t: Tape, p: Any, s: Any, since: float) -> bool:
    """Whether cooldown and pause are over, so many seconds after the last exit."""
    if s.streak >= p.max_losing_streak and since < p.pause_seconds - ROOM:
        return False
    return bool(since >= cooldown(t, p, s) - ROOM)


def longest_rest(p: Any, s: Any) -> float:
    """Seconds after the last exit by when cooldown and pause are over, whatever the market does."""
    wait = LONGEST_COOLDOWN if p.adaptive_cooldown != 0 else float(p.exit_cooldown_seconds)
    return max(wait, float(p.pause_seconds)) if s.streak >= p.max_losing_streak else wait


def cooldown(t: Tape, p: Any, s: Any) -> float:
    """Seconds without an entry after an exit."""
    wait = float(p.exit_cooldown_seconds)
    if p.adaptive_cooldown == 0:
        return wait
    if s.candle - s.first + 1 >= VOLATILITY_CANDLES:
        volatility = volatility_bps(t.closes, s.candle)
        if volatility > p.vol_high_threshold:
            wait *= 1.5
        elif volatility < p.vol_low_threshold:
            wait *= 0.8
    stops = 0
    for at in range(RECENT):
        stops += (s.stops >> at) & 1
    if stops >= 2:
        wait *= 1.3
    if s.streak >= 2:
        wait *= 1.2
    return min(wait, LONGEST_COOLDOWN)

"""What happens when a strategy decides: candles, positions, fills, costs, exits, pauses, counts.

A strategy says *when* by functions of its own, which take the places of those of the same names
here (the hooks, ``prepare`` to ``advance``); everything else is the same for all. ``run`` walks
along base bars from where it was left, so that a replay of a year and a live bot that hands over
one bar at a time take the same way. Rules: see the docstring of each function; nothing looks beyond
the bar that it is at.

Plain loops over arrays, compiled where numba is installed (``compiled``).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .indicators import (
    VOLATILITY_CANDLES,
    Floats,
    slope_sign,
    volatility_bps,
    volatility_now,
)

STOP_LOSS, TAKE_PROFIT, END_OF_DATA = 0, 1, -1
ENTER, EXIT = 1, 2  # what waits for the next bar's open
GAP_CANDLES = 3
LONGEST_COOLDOWN = 60.0
RECENT = 5  # exits that the cooldown looks at
ROOM = 1e-9  # of rounding, where times are compared
PASSES, BLOCKS, UNSURE = 0, 1, 2  # what a screen says of a bar
ALL = 0x0101010101010101  # eight blocked bars, where that is all that is said
ASK, OPEN = -1, -2  # of a bar that no filter is sure to block; of one that is not judged yet
BARS_ARE_CANDLES, SHARED = 1, 2  # and shared: series and screens stand for the whole history
TILE = 1_024  # candles for which series are prepared at once, so that they stay near the processor


class Tape(NamedTuple):
    """Base bars, and the strategy's candles as they form from them, each by column."""

    time: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats  # NaN where unknown
    starts: Floats
    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats
    marks: Floats  # direction in which each candle began: 1, -1 or 0; empty where bars are candles
    series: Floats  # what ``prepare`` says of closed candles, a row each, the newest's at ``s.at``
    gaps: NDArray[np.int64]  # where bars are candles: the bars before which there is a gap
    filters: NDArray[np.int8]  # the filter that each part of ``screen`` judges
    said: NDArray[np.int8]  # room for what a part says
    words: NDArray[np.int64]  # where screens are shared: ``blocked``, eight at a time
    blocked: NDArray[np.int8]  # of a tile's candles: the filter that is sure to block, or ASK


STATE = np.dtype(
    [(name, np.int64) for name in (
        "bar", "until", "candle", "first", "free", "at", "size", "gap", "trades", "evaluations",
        "signals", "gaps", "warmup", "waiting", "reason", "side", "entry_bar", "streak", "stops",
        "exited",
    )]
    + [(name, np.float64) for name in (
        "entry", "entered", "stop", "target", "first_stop", "best", "ahead", "behind", "mfe_at",
        "left", "strength", "volatility", "trend", "volatility_trend", "last",
    )]
)  # fmt: skip
OPTIONS = np.dtype(
    [("bar", np.float64), ("candle", np.float64), ("fee", np.float64), ("half", np.float64),
     ("intrabar", np.int64), ("next_open", np.int64), ("same", np.int64)]
)  # fmt: skip
# Columns of a trade; a strategy's features follow.
(ENTRY_BAR, EXIT_BAR, ENTERED, LEFT, SIDE, ENTRY, LEAVING, RESULT, REASON, MFE, MAE, MFE_AT,
 STOP, TARGET, STRENGTH, VOLATILITY, TREND, VOLATILITY_TREND) = range(18)  # fmt: skip
COLUMNS = 18


# The hooks, with what they are given. ``p`` are the parameters, ``s`` the engine's STATE,
# ``memory`` numbers that the strategy keeps for itself.


def prepare(t: Tape, row: int, first: int, p: Any, out: Floats, spare: Floats) -> None:
    """A row of the series for the candles from ``first`` on, of closed ones alone (``windows``)."""
    raise NotImplementedError


def screen(t: Tape, part: int, first: int, at: int, p: Any, out: NDArray[np.int8]) -> None:
    """Whether a filter blocks an entry at the close of the candles from ``first`` on, which stand
    from ``at`` on in the series, whatever went before: PASSES, BLOCKS or UNSURE. Asked only where
    bars are candles."""
    raise NotImplementedError


def ready(t: Tape, p: Any, s: Any, memory: Floats) -> bool:
    """Whether there is enough of what is not a candle; candles are counted by the engine."""
    raise NotImplementedError


def enter(t: Tape, price: float, p: Any, s: Any, memory: Floats) -> tuple[int, int, float]:
    """1, -1 or 0 for long, short or none; the filter that blocked it; the signal's strength."""
    raise NotImplementedError


def place(entry: float, side: int, p: Any, s: Any, memory: Floats) -> tuple[float, float]:
    """Stop and target of a position that was entered."""
    raise NotImplementedError


def follow(price: float, p: Any, s: Any, memory: Floats) -> float:
    """The stop from now on; the engine only lets it tighten."""
    raise NotImplementedError


def leave(t: Tape, price: float, held: float, p: Any, s: Any, memory: Floats) -> int:
    """Why to leave, as its place among the exit reasons (2 and more); -1 to stay."""
    raise NotImplementedError


def describe(t: Tape, price: float, p: Any, s: Any, memory: Floats, out: Floats) -> None:
    """The features of an entry."""
    raise NotImplementedError


def advance(t: Tape, p: Any, s: Any, memory: Floats) -> None:
    """What the strategy keeps up to date with each bar, in a position or not."""
    raise NotImplementedError


def run(
    t: Tape, values: Any, state: Any, options: Any, memory: Floats, trades: Floats,
    funnel: NDArray[np.int64], spare: Floats,
) -> bool:  # fmt: skip
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
        free = s.side == 0 and s.waiting == 0 and o.same != 0
        if free and s.at + 1 < s.size and pass_by(t, s, o, funnel):
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


def surveyed(time: Floats, bar: float, candle: float) -> tuple[int, int]:
    """How many bars do not open where candles begin, and before how many there is a gap."""
    off = int(np.floor(time[0] / candle) * candle != time[0])
    before, now = time[:-1], time[1:]
    odd = 0
    for i in range(now.size):
        odd += now[i] - before[i] != candle
    gaps = 0
    if odd > 0:
        for i in range(now.size):
            off += np.floor(now[i] / candle) * candle != now[i]
            gaps += now[i] - before[i] - bar > GAP_CANDLES * candle + ROOM
    return off, gaps


def pass_by(t: Tape, s: Any, o: Any, funnel: NDArray[np.int64]) -> bool:
    """Go on over the bars of the tile at which a filter is sure to block; whether there were any.
    Only where the rules would be asked: warmed up, no cooldown, no pause."""
    now = s.candle + 1
    if now - s.first + 1 < s.warmup or now < s.free or t.filters.size == 0:
        return False
    if o.same == SHARED:
        return leap(t, s)
    start = s.at + 1
    blocked = t.blocked[start : start + min(s.size - start, s.until - s.bar)]
    passed = 0
    while passed < blocked.size and blocked[passed] >= 0:
        one, since = blocked[passed], passed
        while passed < blocked.size and blocked[passed] == one:
            passed += 1
        funnel[one] += passed - since
    s.bar += passed
    s.candle += passed
    s.at += passed
    s.evaluations += passed
    return passed > 0


def leap(t: Tape, s: Any) -> bool:
    """The same where screens are shared; which filter blocks is not known, and not counted."""
    start = s.at + 1
    at, stop = start, min(s.size, s.until)
    while at < stop and t.blocked[at] != 0:
        at += 1
        while at % 8 == 0 and at + 8 <= stop and t.words[at // 8] == ALL:
            at += 8
    s.bar += at - start
    s.candle += at - start
    s.at = at - 1
    return bool(at > start)


def begin_tile(t: Tape, p: Any, s: Any, o: Any, spare: Floats) -> None:
    """Where bars are candles: prepare and screen the next ones, up to a gap. What is known of
    candles before a gap of more than three says nothing of those after it."""
    k, stop = s.candle, t.time.size
    if s.gap < t.gaps.size:
        if t.gaps[s.gap] == s.bar:
            s.gaps += 1
            s.gap += 1
            s.first = k
        if s.gap < t.gaps.size:
            stop = t.gaps[s.gap]
    if o.same == SHARED:
        s.at, s.size = s.bar, stop
        return
    s.at, s.size = 0, min(TILE, stop - s.bar)
    for row in range(t.series.shape[0]):
        prepare(t, row, k, p, t.series[row][: s.size], spare)
    if t.filters.size:
        judge(t, k, p, t.blocked[: s.size], t.said[: s.size])


def ahead(
    t: Tape, row: int, part: int, values: Any, series: Floats, out: NDArray[np.int8], spare: Floats
) -> None:
    """One of the series for a whole history, or where a part of the screen blocks (1, else 0)."""
    for k in range(0, t.time.size, TILE):
        if row >= 0:
            prepare(t, row, k, values[0], series[k : k + TILE], spare)
        else:
            some = out[k : k + TILE]
            screen(t, part, k, k, values[0], some)
            for i in range(some.size):
                some[i] = some[i] == BLOCKS


def judge(t: Tape, first: int, p: Any, blocked: NDArray[np.int8], said: NDArray[np.int8]) -> None:
    """The first filter that is sure to block at each candle from ``first`` on; ASK where none is,
    or one before it is not sure."""
    for i in range(blocked.size):
        blocked[i] = OPEN
    for part in range(t.filters.size):
        screen(t, part, first, 0, p, said)
        place = t.filters[part]
        for i in range(blocked.size):
            now = place if said[i] == BLOCKS else np.int8(ASK if said[i] == UNSURE else OPEN)
            blocked[i] = now if blocked[i] == OPEN else blocked[i]


def grow(t: Tape, p: Any, s: Any, o: Any, spare: Floats) -> None:
    """Let the bar at ``s.bar`` into the candle that it belongs to, or begin one, after a gap as
    above."""
    i = s.bar
    last = s.last
    s.last = t.time[i]
    start = math.floor(t.time[i] / o.candle) * o.candle
    k = s.candle
    if k >= 0 and t.starts[k] == start:
        add_to_candle(t, k, i)
        return
    k += 1
    s.candle = k
    s.at += 1
    if s.at >= s.size:
        foresee(t, p, s, o, spare)
    open_candle(t, k, i, start)
    t.marks[k] = 0.0
    if k > 0 and t.time[i] - last - o.bar > GAP_CANDLES * o.candle + ROOM:
        s.gaps += 1
        s.first = k
    elif k > s.first:
        before = t.closes[k - 1]
        t.marks[k] = 1.0 if t.close[i] > before else -1.0 if t.close[i] < before else 0.0


def foresee(t: Tape, p: Any, s: Any, o: Any, spare: Floats) -> None:
    """Prepare the series of the next candles at once, of which each begins on closed ones alone.

    The candles stand complete where they will stand until they are begun; whoever is at a candle
    looks at none after it, and it is begun anew.
    """
    k, count = s.candle, 0
    if t.series.shape[0] == 0:
        s.at, s.size = 0, 0
        return
    for i in range(s.bar, t.time.size):
        start = math.floor(t.time[i] / o.candle) * o.candle
        if count > 0 and t.starts[k + count - 1] == start:
            add_to_candle(t, k + count - 1, i)
        elif count == TILE:
            break
        else:
            open_candle(t, k + count, i, start)
            count += 1
    s.at, s.size = 0, count
    for row in range(t.series.shape[0]):
        prepare(t, row, k, p, t.series[row][:count], spare)


def open_candle(t: Tape, k: int, i: int, start: float) -> None:
    t.starts[k], t.opens[k], t.highs[k] = start, t.open[i], t.high[i]
    t.lows[k], t.closes[k], t.volumes[k] = t.low[i], t.close[i], t.volume[i]


def add_to_candle(t: Tape, k: int, i: int) -> None:
    t.highs[k] = max(t.highs[k], t.high[i])
    t.lows[k] = min(t.lows[k], t.low[i])
    t.closes[k] = t.close[i]
    t.volumes[k] += t.volume[i]


def mark(t: Tape, at: int) -> float:
    """Direction in which a candle began, of one that is not the first after a gap."""
    if t.marks.size:
        return float(t.marks[at])
    change = t.closes[at] - t.closes[at - 1]
    return 1.0 if change > 0.0 else -1.0 if change < 0.0 else 0.0


def ended(t: Tape, s: Any, o: Any) -> float:
    """When a decision on this bar is taken: at its end."""
    return float(t.time[s.bar] + o.bar)


def may_enter(t: Tape, p: Any, s: Any, o: Any, memory: Floats) -> bool:
    """Whether the rules are asked: warmed up, no cooldown, no pause."""
    if s.candle - s.first + 1 < s.warmup or not ready(t, p, s, memory):
        return False
    return bool(s.candle >= s.free or rested(t, p, s, ended(t, s, o) - s.left))


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
    side: int, strength: float, price: float, t: Tape, p: Any, s: Any, o: Any, memory: Floats,
    trades: Floats,
) -> None:  # fmt: skip
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

"""The plain rule of the replay benchmark, as a strategy of our engine: long when the RSI is low and
the price below its band, out when the RSI recovered, a stop 2 % below the close that decided."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.strategies import common
from trading.strategies.base import Rules, Screen, Strategy
from trading.strategies.common import NEAR, TINY, always, clearly, nothing_to_keep
from trading.strategies.engine.tape import BLOCKS, LONG_STAYS, PASSES, SHORT_STAYS, UNSURE, Tape
from trading.strategies.indicators import Floats, bands, bands_soon, rsi
from trading.strategies.parameters import Integer, Number
from trading.strategies.screens.filters import screen_rsi, still_rsi, unknown
from trading.strategies.windows import moves

RSI_PERIOD, BAND_PERIOD, BAND_FACTOR, LOW, HIGH, STOP = 14, 20, 2.0, 30.0, 50.0, 0.02
DECIDED = 0
MOVES = 0


def prepare(t: Tape, row: int, first: int, p: Any, out: Floats, spare: Floats) -> None:
    moves(t.closes, first, p.rsi_period - 1, out, spare)


def screen(t: Tape, part: int, first: int, at: int, p: Any, out: Any) -> None:
    if part == 0:
        screen_rsi(t.closes, first, p.rsi_period, t.series[MOVES][at:], p.rsi_low, 101.0, out)
    else:
        screen_below(t.closes, first, p.bb_period, p.bb_std, out)


def screen_below(
    close: Floats, first: int, period: int, factor: float, out: NDArray[np.int8]
) -> None:
    """Blocks where the price is not below its lower band.

    Sums of the differences from a close nearby, and of their squares, run along and begin anew
    every 64 candles; no root is drawn: below the band is d > 0 and d^2 > factor^2 * variance, d
    being how far the mean lies above the price. Rounding is held against the largest sum of squares
    since the last beginning.
    """
    start = unknown(first, period, out)
    wide = factor * factor
    for begin in range(start, out.size, 64):
        anchor = close[first + begin]
        total, squares = 0.0, 0.0
        for one in close[first + begin - period : first + begin]:
            total += one - anchor
            squares += (one - anchor) * (one - anchor)
        largest = squares
        size = min(64, out.size - begin)
        now = close[first + begin : first + begin + size]
        old = close[first + begin - period : first + begin - period + size]
        said = out[begin : begin + size]
        for i in range(size):
            new, gone = now[i] - anchor, old[i] - anchor
            total += new - gone
            squares += new * new - gone * gone
            largest = max(largest, squares, new * new)
            middle = total / period
            under = middle - new
            spread = wide * (squares / period - middle * middle)
            room = NEAR * (under * under + abs(spread)) + TINY * (1.0 + wide) * largest
            inside = (under * under < spread - room) | (under < -NEAR * now[i])
            beyond = (under > 0.0) & (under * under > spread + room)
            said[i] = BLOCKS if inside else PASSES if beyond else UNSURE


def above(t: Tape, price: float, p: Any, s: Any, level: float) -> bool:
    """Whether the RSI is above a level."""
    sure = clearly(t, price, s, t.series[MOVES, s.at], p.rsi_period, level)
    return sure > 0 if sure != 0 else rsi(t.closes, s.candle, p.rsi_period) > level


def below(t: Tape, price: float, p: Any, s: Any, level: float) -> bool:
    sure = clearly(t, price, s, t.series[MOVES, s.at], p.rsi_period, level)
    return sure < 0 if sure != 0 else rsi(t.closes, s.candle, p.rsi_period) < level


def enter(t: Tape, price: float, p: Any, s: Any, memory: Floats) -> tuple[int, int, float]:
    if not below(t, price, p, s, p.rsi_low):
        return 0, 0, 0.0
    lower, _ = bands_soon(t.closes, s.candle, p.bb_period, p.bb_std)
    if abs(price - lower) <= NEAR * price:
        lower, _ = bands(t.closes, s.candle, p.bb_period, p.bb_std)
    if price >= lower:
        return 0, 1, 0.0
    memory[DECIDED] = price
    return 1, -1, 1.0


def place(entry: float, side: int, p: Any, s: Any, memory: Floats) -> tuple[float, float]:
    return memory[DECIDED] * (1.0 - p.stop), 1e300


def follow(price: float, p: Any, s: Any, memory: Floats) -> float:
    return float(s.stop)


def leave(t: Tape, price: float, held: float, p: Any, s: Any, memory: Floats) -> int:
    return 2 if above(t, price, p, s, p.rsi_high) else -1


def still(t: Tape, first: int, at: int, p: Any, out: Any) -> None:
    still_rsi(t.closes, first, p.rsi_period, t.series[MOVES][at:], 101.0, p.rsi_high, out)
    for i in range(out.size):
        out[i] = LONG_STAYS * (out[i] == SHORT_STAYS)  # a long stays while the RSI is below


def describe(t: Tape, price: float, p: Any, s: Any, memory: Floats, out: Floats) -> None:
    pass


def warmup(values: Any) -> int:
    return BAND_PERIOD


STRATEGY = Strategy(
    key="plain_rule",
    title="Plain rule",
    groups=(common.SIGNAL, common.DISCIPLINE),
    parameters=(
        common.candle_interval(300, "Candles."),
        Integer("rsi_period", RSI_PERIOD, 1, 190, group="signal", help="Changes."),
        Integer("bb_period", BAND_PERIOD, 2, 200, group="signal", help="Closes."),
        Number("bb_std", BAND_FACTOR, 0.1, 10, group="signal", help="Factor."),
        Number("rsi_low", LOW, 0, 100, group="signal", help="In below this."),
        Number("rsi_high", HIGH, 0, 100, group="signal", help="Out above this."),
        Number("stop", STOP, 0.001, 0.5, group="signal", help="Share of the price."),
        *common.discipline(exit_cooldown_seconds=0, max_losing_streak=100, pause_seconds=0),
    ),
    filters=("rsi", "band"),
    exit_reasons=("stop_loss", "take_profit", "recovered"),
    trading=Rules(
        always,
        enter,
        place,
        follow,
        leave,
        describe,
        nothing_to_keep,
        warmup,
        memory=1,
        series=(("rsi_period",),),
        prepare=prepare,
        screens=(
            Screen("rsi", ("rsi_period", "rsi_low")),
            Screen("band", ("bb_period", "bb_std"), shared=True),
        ),
        screen=screen,
        stays=("rsi_period", "rsi_high"),
        still=still,
    ),
)
VALUES = STRATEGY.defaults() | {"adaptive_cooldown": False}

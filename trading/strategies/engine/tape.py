"""What the engine walks along, what it keeps, and the places that a strategy's rules take.

A strategy says *when* by functions of its own, which take the places of those of the same names
here (the hooks, ``prepare`` to ``advance``); everything else is the same for all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.strategies.indicators import Floats

STOP_LOSS, TAKE_PROFIT, END_OF_DATA = 0, 1, -1
ENTER, EXIT = 1, 2  # what waits for the next bar's open
GAP_CANDLES = 3
LONGEST_COOLDOWN = 60.0
RECENT = 5  # exits that the cooldown looks at
ROOM = 1e-9  # of rounding, where times are compared
PASSES, BLOCKS, UNSURE = 0, 1, 2  # what a screen says of a bar
ALL = 0x0101010101010101  # eight blocked bars, where that is all that is said
ASK, OPEN = -1, -2  # of a bar that no filter is sure to block; of one that is not judged yet
LONG_STAYS, SHORT_STAYS = 1, 2  # what is said of a bar that leaves a position as it is
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
    still: NDArray[np.int8]  # where screens are shared: what ``still`` says of each candle


STATE = np.dtype(
    [
        (name, np.int64)
        for name in (
            "bar",
            "until",
            "candle",
            "first",
            "free",
            "at",
            "size",
            "gap",
            "trades",
            "evaluations",
            "signals",
            "gaps",
            "warmup",
            "waiting",
            "reason",
            "side",
            "entry_bar",
            "streak",
            "stops",
            "exited",
        )
    ]
    + [
        (name, np.float64)
        for name in (
            "entry",
            "entered",
            "stop",
            "target",
            "first_stop",
            "best",
            "ahead",
            "behind",
            "mfe_at",
            "left",
            "strength",
            "volatility",
            "trend",
            "volatility_trend",
            "last",
        )
    ]
)
OPTIONS = np.dtype(
    [
        ("bar", np.float64),
        ("candle", np.float64),
        ("fee", np.float64),
        ("half", np.float64),
        ("intrabar", np.int64),
        ("next_open", np.int64),
        ("same", np.int64),
    ]
)
# Columns of a trade; a strategy's features follow.
(
    ENTRY_BAR,
    EXIT_BAR,
    ENTERED,
    LEFT,
    SIDE,
    ENTRY,
    LEAVING,
    RESULT,
    REASON,
    MFE,
    MAE,
    MFE_AT,
    STOP,
    TARGET,
    STRENGTH,
    VOLATILITY,
    TREND,
    VOLATILITY_TREND,
) = range(18)
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


def still(t: Tape, first: int, at: int, p: Any, out: NDArray[np.int8]) -> None:
    """LONG_STAYS and SHORT_STAYS of the candles from ``first`` on, as above: that ``leave`` is sure
    to stay at their close and ``follow`` to leave the stop where it is, however the position came
    about, as long as it is not older than ``patience``. 0 to be asked."""
    raise NotImplementedError


def patience(p: Any) -> float:
    """Seconds for which a position is not left because of its age."""
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

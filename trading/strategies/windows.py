"""Sums and extremes over moving windows of closed candles, many candles at a time.

``out[i]`` is taken over the ``width`` values that end just before candle ``first + i``. A window is
put together from windows of 1, 2, 4, ... values, so that a candle costs the logarithm of its width,
the loops can take several candles at once, and the same window gives the same number wherever the
candles were begun to be taken. Only like signs are added: nothing cancels, and nothing drifts.
Candles whose window is not there yet get 0. ``spare`` is room, shape (2, WIDEST + out.size).

The order of the additions is not that of ``indicators``, which are what the rules say: use these to
tell which side of a limit a value is on, and ask the indicator where it lies within rounding of it.
"""

from __future__ import annotations

from .indicators import Floats

WIDEST = 256


def moves(close: Floats, first: int, width: int, out: Floats, spare: Floats) -> None:
    """Sum of the absolute changes from close to close."""
    missing = lacking(first, width, width + 1, out)
    size = out.size - missing
    if size > 0:
        start = first + missing - width
        changes(close[start - 1 : first + out.size - 1], spare[0][: width + size - 1])
        add_up(spare, width, out[missing:])


def returns(close: Floats, first: int, width: int, out: Floats, spare: Floats) -> None:
    """Sum of the absolute returns from close to close."""
    missing = lacking(first, width, width + 1, out)
    size = out.size - missing
    if size > 0:
        start = first + missing - width
        shares(close[start - 1 : first + out.size - 1], spare[0][: width + size - 1])
        add_up(spare, width, out[missing:])


def totals(values: Floats, first: int, width: int, out: Floats, spare: Floats) -> None:
    """Sum of values that are not negative."""
    missing = lacking(first, width, width, out)
    if missing < out.size:
        start = first + missing - width
        copy(values[start : first + out.size - 1], spare[0][: width + out.size - missing - 1])
        add_up(spare, width, out[missing:])


def highest(values: Floats, first: int, width: int, out: Floats, spare: Floats) -> None:
    """The largest value."""
    missing = lacking(first, width, width, out)
    if missing < out.size:
        start = first + missing - width
        copy(values[start : first + out.size - 1], spare[0][: width + out.size - missing - 1])
        widen(spare, width, out[missing:])


def lowest(values: Floats, first: int, width: int, out: Floats, spare: Floats) -> None:
    """The smallest value."""
    missing = lacking(first, width, width, out)
    if missing < out.size:
        start = first + missing - width
        turn(values[start : first + out.size - 1], spare[0][: width + out.size - missing - 1])
        widen(spare, width, out[missing:])
        turn(out[missing:], out[missing:])


def lacking(first: int, width: int, wanted: int, out: Floats) -> int:
    """How many of the candles have fewer than ``wanted`` before them (all, of a window of no
    width); they are set to 0."""
    missing = min(max(wanted - first, 0), out.size) if width > 0 else out.size
    for i in range(missing):
        out[i] = 0.0
    return missing


def changes(close: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = abs(close[i + 1] - close[i])


def shares(close: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = abs(close[i + 1] / close[i] - 1.0)


def copy(values: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = values[i]


def turn(values: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = -values[i]


def plus(one: Floats, other: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = one[i] + other[i]


def gather(values: Floats, out: Floats) -> None:
    # With ``out`` among the summands of ``plus`` the compiler fears that they overlap.
    for i in range(out.size):
        out[i] += values[i]


def larger(one: Floats, other: Floats, out: Floats) -> None:
    for i in range(out.size):
        out[i] = one[i] if one[i] > other[i] else other[i]


def add_up(spare: Floats, width: int, out: Floats) -> None:
    """Windows of values that lie in ``spare[0]``, the first one's ``width`` at its beginning."""
    size = width + out.size - 1
    span, taken, now = 1, 0, 0
    while True:
        if width & span:
            if taken == 0:
                copy(spare[now][size - out.size : size], out)
            else:
                gather(spare[now][size - out.size - taken : size - taken], out)
            taken += span
        if 2 * span > width:
            return
        one, other = spare[now][span:size], spare[now][: size - span]
        plus(one, other, spare[1 - now][span:size])
        now, span = 1 - now, 2 * span


def widen(spare: Floats, width: int, out: Floats) -> None:
    """The same with the largest in the place of the sum; spans may overlap."""
    size = width + out.size - 1
    span, now = 1, 0
    while 2 * span <= width:
        one, other = spare[now][span:size], spare[now][: size - span]
        larger(one, other, spare[1 - now][span:size])
        now, span = 1 - now, 2 * span
    before = width - span
    larger(
        spare[now][size - out.size : size],
        spare[now][size - out.size - before : size - before],
        out,
    )

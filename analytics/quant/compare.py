"""The difference of two averages of trades, with an interval that days widen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.ledger.metrics import wilson

Floats = NDArray[np.float64]
Sums = tuple[float, float, float]  # trades, sum, sum of squares

_Z95 = 1.959963984540054
FEWEST_DAYS = 10


@dataclass(frozen=True, slots=True)
class Difference:
    """Averages now and before, and the 95 % interval of now less before."""

    now: float
    before: float
    low: float
    high: float


def design_effect(n: Floats, total: Floats, squares: Floats) -> float:
    """How many times more the sum of a day varies than if its trades were independent; >= 1.

    Of days with ``n`` trades, sums and sums of squares, shape (days,). 1 for fewer than 10.
    """
    if n.size < FEWEST_DAYS or n.sum() < 2:
        return 1.0
    mean = float(total.sum() / n.sum())
    inside = float(squares.sum()) - mean * mean * float(n.sum())
    if inside <= 0:
        return 1.0
    between = float(np.square(total - mean * n).sum())
    return max(1.0, between / inside)


def means(now: Sums, before: Sums, design: float = 1.0) -> Difference | None:
    """None where either side has fewer than 2 trades, or nothing varies."""
    sides = []
    for n, total, squares in (now, before):
        if n < 2:
            return None
        mean = total / n
        # What is left after a subtraction of sums may be a rounding below 0.
        sides.append((mean, max(0.0, (squares - n * mean * mean) / (n - 1)) / n))
    error = math.sqrt(design * (sides[0][1] + sides[1][1]))
    if error <= 0:
        return None
    gap = sides[0][0] - sides[1][0]
    return Difference(sides[0][0], sides[1][0], gap - _Z95 * error, gap + _Z95 * error)


def rates(now: tuple[int, int], before: tuple[int, int], design: float = 1.0) -> Difference | None:
    """The difference of two win rates, each of (wins, trades), with its 95 % interval (Newcombe
    1998, from the intervals of Wilson), as if of ``design`` times fewer trades. None where either
    side has no trade."""
    sides = []
    for wins, n in (now, before):
        if not n:
            return None
        reach = wilson(wins / design, n / design)
        assert reach is not None
        sides.append((wins / n, *reach))
    (p, p_low, p_high), (q, q_low, q_high) = sides
    gap = p - q
    low = gap - math.hypot(p - p_low, q_high - q)
    return Difference(p, q, low, gap + math.hypot(p_high - p, q - q_low))

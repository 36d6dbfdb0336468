"""One parameter varied, all others fixed: which values to try, and whether a good one stands
alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trading.strategies.parameters import Boolean, Choice, Integer, Number, Parameter, Value

MOST = 25
HALF = 0.5  # of a result: what the values beside it must make for it to lie on a plateau


def grid(parameter: Parameter, around: Value, most: int = MOST) -> list[Value]:
    """Values of its declared range, ascending (words as declared), ``around`` and the
    default among them; at most ``most`` others.

    Spread evenly, or by equal factors on a log scale, on the grain of its step.
    """
    if isinstance(parameter, Boolean):
        return [False, True]
    if isinstance(parameter, Choice):
        return list(parameter.choices)
    assert isinstance(parameter, Number | Integer)
    low, high, step = parameter.low, parameter.high, parameter.step or 0.0
    if step and (high - low) / step < most:
        tried = low + step * np.arange(round((high - low) / step) + 1)
    elif parameter.log:
        # Three digits are enough for a picture, and can be typed.
        tried = np.array([float(f"{one:.3g}") for one in np.geomspace(low, high, most)])
    else:
        tried = np.linspace(low, high, most)
        tried = low + np.round((tried - low) / step) * step if step else tried
    if isinstance(parameter, Integer):
        tried = np.round(tried)
    inside = {parameter.clean(float(f"{one:.10g}")) for one in tried if low <= one <= high}
    return sorted({*inside, parameter.default, around})


def shape(totals: Sequence[float | None], at: int) -> str:
    """``plateau``, ``spike`` or ``loss``: how the result at a place compares with those of the
    values next to it. None stands for no trades, which made nothing."""
    made = [total or 0.0 for total in totals]
    if made[at] <= 0.0:
        return "loss"
    beside = [made[near] for near in (at - 1, at + 1) if 0 <= near < len(made)]
    if not beside:
        return "spike"
    return "plateau" if min(beside) >= HALF * made[at] else "spike"

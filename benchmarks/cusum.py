"""CUSUM with everything known: the reference that other detectors are measured against.

It is the fastest rule there is for a given time between false alarms when the means before and
after the change, and the spread, are known (Moustakides 1986). In practice none of them is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_OVERSHOOT = 1.166  # of a random walk with normal steps over its bound (Siegmund 1985)
_LARGEST = 700.0  # exponent that a float holds


def run_length(drift: float, threshold: float) -> float:
    """Mean number of steps until max(0, sum) of steps of unit spread reaches ``threshold``.

    Siegmund's approximation: (exp(-2 d b) + 2 d b - 1) / (2 d^2) with b = h + 1.166; b^2 where
    the drift d is 0.
    """
    b = threshold + _OVERSHOOT
    x = -2 * drift * b
    if abs(x) < 1e-4:
        return b * b * (1 + x / 3)  # its series: the difference below would cancel
    if x > _LARGEST:
        return math.inf
    return (math.expm1(x) - x) / (2 * drift * drift)


def threshold_for(shift: float, between: float) -> float:
    """The threshold with a mean time ``between`` false alarms, in steps, for a known fall of the
    mean by ``shift`` spreads, the reference in the middle."""
    low, high = 0.0, 1e4
    for _ in range(200):
        middle = (low + high) / 2
        # Without a change the walk drifts down by half the shift.
        if run_length(-shift / 2, middle) < between:
            low = middle
        else:
            high = middle
        if high - low < 1e-9:
            break
    return (low + high) / 2


def path(results: Floats, before: float, after: float, spread: float = 1.0) -> Floats:
    """The statistic after each result, shape (..., n): max(0, previous + (middle - x) / spread)."""
    steps = ((before + after) / 2 - results) / spread
    # max(0, C + step) is the running sum less its running minimum (and 0).
    run = np.cumsum(steps, axis=-1)
    lowest = np.minimum.accumulate(np.minimum(run, 0.0), axis=-1)
    return np.asarray(run - lowest)

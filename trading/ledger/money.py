"""Exact sums of money: whole units and picos (1e-12 of a unit), both integers.

An amount has at most 15 significant digits, so a float64 names it without doubt; split into
integers, amounts add exactly, in any order, to the same sum on every database.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Context, Decimal
from math import floor

import numpy as np
from numpy.typing import NDArray

PICO = 10**12
_STEPS = 10.0 ** np.arange(3, 13)
_TENS = 10.0 ** np.arange(13)
_TENS_INT = 10 ** np.arange(13, dtype=np.int64)
# The same as plain numbers, for a single amount.
_ONE_STEPS, _ONE_TENS, _ONE_INT = _STEPS.tolist(), _TENS.tolist(), _TENS_INT.tolist()

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def split(values: Floats) -> tuple[Ints, Ints]:
    """Split amounts, shape (n,), into units (rounded down) and picos in 0 .. 1e12 - 1.

    Digits beyond the 15th of an amount are float noise and are rounded away; digits beyond the
    12th decimal are rounded half to even.
    """
    units = np.floor(values)
    decimals = 12 - np.searchsorted(_STEPS, np.abs(values), side="right")
    picos = np.rint((values - units) * _TENS[decimals]).astype(np.int64)
    picos *= _TENS_INT[12 - decimals]
    full = picos == PICO
    return units.astype(np.int64) + full, np.where(full, 0, picos)


def split_one(value: float) -> tuple[int, int]:
    """The same of one amount."""
    units = floor(value)
    decimals = 12 - bisect_right(_ONE_STEPS, abs(value))
    picos: int = round((value - units) * _ONE_TENS[decimals]) * _ONE_INT[12 - decimals]
    return (units + 1, 0) if picos == PICO else (units, picos)


def carry(units: Ints, picos: Ints) -> tuple[Ints, Ints]:
    """Bring picos back into 0 .. 1e12 - 1."""
    # A float quotient is off by one at most, and several times faster than dividing integers.
    over = np.floor(picos * 1e-12).astype(np.int64)
    left = picos - over * PICO
    off = left.view(np.uint64) >= PICO  # where negative, too
    if off.any():
        fix = np.where(off, np.where(left < 0, -1, 1), 0)
        over += fix
        left -= fix * PICO
    return units + over, left


def to_float(units: Ints, picos: Ints) -> Floats:
    """Each sum as float64; the same sum gives the same float however its picos are carried."""
    units, picos = carry(units, picos)
    return units + picos * 1e-12


def to_decimal(units: int, picos: int) -> Decimal:
    """The exact sum, without trailing zeros."""
    exact = Decimal(int(units) * PICO + int(picos)).scaleb(-12, _WIDE).normalize(_WIDE)
    return (
        exact.quantize(Decimal(1), context=_WIDE) if int(exact.as_tuple().exponent) > 0 else exact
    )


_WIDE = Context(prec=60)
_FIFTEEN = Context(prec=15)


def rounded(value: float) -> Decimal:
    """A float64 of money, to the 15 digits that it is good for."""
    return _FIFTEEN.create_decimal(repr(float(value)))

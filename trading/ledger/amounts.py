"""Amounts: decimal numbers of 15 significant digits, the most that both databases keep exactly."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

DIGITS = 15
SMALLEST = Decimal("1e-12")
LARGEST = Decimal("1e12")
_ROUND = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


def amount(value: object) -> Decimal:
    """Round a number to 15 significant digits, half to even.

    Takes int, float, Decimal or a plain decimal string. Raises ValueError, with a sentence for
    people, for booleans, anything that is not a finite number, and non-zero magnitudes outside
    1e-12 .. 1e12.
    """
    if type(value) is float:
        text = float.__repr__(value)
        # Sixteen characters hold fifteen digits and a point: nothing to round.
        if len(text) <= DIGITS + 1 and 1e-4 <= abs(value) < 1e12:
            return Decimal(text)
    number = exact(value)
    if not number.is_finite():
        raise ValueError("must be a finite number")
    if number and not SMALLEST <= abs(number) <= LARGEST:
        raise ValueError("must be zero or of a magnitude between 1e-12 and 1e12")
    # + 0 turns a negative zero into zero: both compare equal, only one should be shown.
    return _ROUND.plus(number) + 0 if number else Decimal(0)


def exact(value: object) -> Decimal:
    """The number that is written, unrounded. Raises ValueError as ``amount`` does."""
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(float.__repr__(value))  # numpy writes its floats differently
    if isinstance(value, str) and len(value) <= 64 and _PLAIN.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise ValueError("must be a number, such as 0.25")


def plain(value: Decimal) -> str:
    """Write a Decimal without exponent and without trailing zeros: ``100``, ``0.000012``."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text

"""Columns of common values, for ``reader.py``.

Every function takes and returns one value per trade. Where it cannot tell the result of the checks
in ``fields``, it adds the trade's position to ``doubtful`` and returns an arbitrary value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from trading.clock import EPOCH, to_micros
from trading.ledger.amounts import DIGITS, plain
from trading.validation import limits
from trading.validation.fields import INT64, Errors

Doubtful = set[int]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WHOLE = 2**53  # whole numbers below it are floats, too
_IDS = re.compile(rf"({limits.ID.pattern}\n)*", re.ASCII)  # a line each
_EARLIEST, _LATEST = to_micros(limits.EARLIEST), to_micros(limits.LATEST)


def mark(doubtful: Doubtful, where: NDArray[np.bool_]) -> None:
    if where.any():
        doubtful.update(np.flatnonzero(where).tolist())


def floats(values: Sequence[Any], doubtful: Doubtful) -> Floats:
    """Floats and whole numbers as float64, NaN for None."""
    kinds = set(map(type, values))
    if kinds == {float}:
        numbers = np.array(values)
        mark(doubtful, np.isnan(numbers))
        return numbers + 0.0  # which turns -0.0 into 0.0
    if kinds == {NoneType}:
        return np.full(len(values), np.nan)
    converted = []
    for at, value in enumerate(values):
        kind = type(value)
        number = (kind is float and value == value) or (kind is int and -_WHOLE < value < _WHOLE)
        if not number and value is not None:
            doubtful.add(at)
        converted.append(value if number else math.nan)
    return np.array(converted, np.float64) + 0.0


def amounts(values: Floats, doubtful: Doubtful, positive: bool = False) -> list[str | None]:
    """Each amount as ``numbers.plain`` writes it; None for NaN.

    A float that is written with at most 15 digits is meant as that decimal number.
    """
    size = np.abs(values)
    small = (size < 1e-4) & (size > 0)
    mark(doubtful, (size >= 1e12) | (size < 1e-12) & small)
    if positive:
        mark(doubtful, values <= 0)
    # Shortest forms, as repr's, in a third of the time; 2.0 is written as 2.
    encoded = msgspec.json.encode(values.tolist())[1:-1] + b","
    written = encoded.replace(b".0,", b",").decode().split(",")[:-1]
    if max(map(len, written)) > DIGITS + 1:
        doubtful.update(at for at, text in enumerate(written) if len(text) > DIGITS + 1)
    texts: list[str | None] = list(written)
    for at in np.flatnonzero(small).tolist():
        texts[at] = plain(Decimal(written[at]))
    for at in np.flatnonzero(np.isnan(values)).tolist():
        texts[at] = None
    return texts


def bounded(values: Floats, doubtful: Doubtful, low: float, high: float) -> Floats:
    mark(doubtful, (values < low) | (values > high))
    return values


def listed(values: Floats) -> list[float | None]:
    """A list with None for NaN."""
    column: list[float | None] = values.tolist()
    for at in np.flatnonzero(np.isnan(values)).tolist():
        column[at] = None
    return column


def integers(values: Sequence[int | None], doubtful: Doubtful) -> list[int | None]:
    doubtful.update(
        at for at, value in enumerate(values) if value is not None and not 0 <= value < INT64
    )
    return list(values)


def moments(values: Sequence[Any], doubtful: Doubtful) -> Ints:
    """Microseconds since 1970 of times that are all texts, or all numbers."""
    kinds = set(map(type, values))
    if kinds == {str}:
        micros = np.array(_of_texts(values, doubtful), np.int64)
    elif kinds <= {int, float}:
        seconds = floats(values, doubtful)
        seconds[~(np.abs(seconds) < _LATEST / 1e6)] = 0
        micros = np.rint(seconds * 1e6).astype(np.int64)
    else:
        doubtful.update(range(len(values)))
        return np.zeros(len(values), np.int64)
    mark(doubtful, (micros < _EARLIEST) | (micros >= _LATEST))
    return micros


def _of_texts(texts: Sequence[str], doubtful: Doubtful) -> list[int]:
    # What guard.moment asks of a text, of all of them at once.
    joined = "".join(texts)
    lengths = set(map(len, texts))
    if joined.isascii() and "W" not in joined and 16 <= min(lengths) <= max(lengths) <= 40:
        try:
            since = [moment - EPOCH for moment in map(datetime.fromisoformat, texts)]
        except (ValueError, TypeError, OverflowError):
            pass  # one of them is no time, or has no offset
        else:
            return [
                (time.days * 86_400 + time.seconds) * 1_000_000 + time.microseconds
                for time in since
            ]
    return [_of_text(at, text, doubtful) for at, text in enumerate(texts)]


def _of_text(at: int, text: str, doubtful: Doubtful) -> int:
    try:
        return to_micros(limits.moment(text))
    except ValueError:
        doubtful.add(at)
        return 0


def ids(values: Sequence[str], doubtful: Doubtful) -> list[str]:
    """Ids, nearly all different: all are matched against the pattern in one call."""
    lines = "".join([f"{value}\n" for value in values])
    if lines.count("\n") != len(values) or not _IDS.fullmatch(lines):
        doubtful.update(at for at, value in enumerate(values) if not limits.ID.fullmatch(value))
    return list(values)


def texts(
    values: Sequence[str], doubtful: Doubtful, check: Callable[[str, Errors], Any]
) -> list[Any]:
    """The result of ``check`` for every value; it is called once per distinct value."""
    results, refused = {}, set()
    for value in set(values):
        errors: Errors = {}
        results[value] = check(value, errors)
        if errors:
            refused.add(value)
    if refused:
        doubtful.update(at for at, value in enumerate(values) if value in refused)
    return [results[value] for value in values]

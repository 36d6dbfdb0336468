"""What any text, time or JSON from outside must pass before it is stored."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from trading import clock

ID = re.compile(r"[!-~]{1,64}", re.ASCII)
MARKET = re.compile(r"[A-Za-z0-9._:/@-]{1,64}", re.ASCII)
CURRENCY = re.compile(r"[A-Za-z0-9]{2,12}", re.ASCII)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # a float64 holds microseconds since 1970 until 2255
FUTURE = timedelta(minutes=5)
DEPTH, BYTES, KEYS = 20, 16_384, 2_000

_MILLISECONDS = 1e11
_WIDEST = 2**64
_HUGE = math.inf
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


def latest() -> datetime | None:
    """The last moment that a bot may speak of; None in simulated time, which bots lead."""
    return None if clock.simulated() else clock.now() + FUTURE


def day(value: str) -> date:
    """A day such as 2025-11-17. Raises ValueError with a sentence."""
    try:
        parsed = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        parsed = None
    if parsed is None or not EARLIEST.date() <= parsed < LATEST.date():
        raise ValueError("must be a day from 1990 to 2199, such as 2025-11-17")
    return parsed


def moment(value: object) -> datetime:
    """A time from ISO 8601 with offset, or epoch seconds. Raises ValueError with a sentence."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | datetime):
        raise ValueError("must be a time: ISO 8601 with an offset, or epoch seconds")
    parsed = _from_text(value) if isinstance(value, str) else value
    if isinstance(parsed, int | float):
        parsed = _from_epoch(parsed)
    if parsed.tzinfo is None:
        raise ValueError("has no offset; write 2025-01-31T12:00:00Z or +00:00")
    if parsed < EARLIEST:
        raise ValueError("is before 1990")
    if parsed >= LATEST:
        raise ValueError("is after 2199")
    return parsed.astimezone(UTC)


def _from_epoch(seconds: float) -> datetime:
    # math.isfinite fails on a whole number that is too long for a float.
    if seconds != seconds or abs(seconds) == math.inf:
        raise ValueError("must be a finite number of seconds")
    if abs(seconds) >= _MILLISECONDS:
        raise ValueError("looks like milliseconds; send seconds since 1970")
    if seconds < 0:
        raise ValueError("is before 1990")  # far enough back, a datetime cannot even hold it
    return clock.from_epoch(seconds)


def _from_text(value: str) -> datetime:
    if len(value) > 40 or len(value) < 16 or "W" in value or not value.isascii():
        raise ValueError("must be ISO 8601 with an offset, such as 2025-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(value)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be ISO 8601 with an offset, such as 2025-01-31T12:00:00Z") from error


def text(value: str, length: int) -> str:
    """A text that every database and page can hold. Raises ValueError with a sentence."""
    if len(value) > length:
        raise ValueError(f"is longer than {length} characters")
    if "\x00" in value or (not value.isascii() and _SURROGATE.search(value)):
        raise ValueError("holds a character that cannot be stored")
    return value


def json_value(value: object, size: int = BYTES) -> object:
    """JSON of at most ``size`` bytes and depth 20, finite numbers and storable text."""
    flat = type(value) is dict and _flat(value)
    if not flat and _depth_over(value, DEPTH):
        raise ValueError(f"is nested deeper than {DEPTH}")
    try:
        encoded = msgspec.json.encode(value)
    except (UnicodeEncodeError, ValueError, TypeError, OverflowError) as error:
        raise ValueError("holds something that cannot be stored as JSON") from error
    if len(encoded) > size:
        raise ValueError(f"is larger than {size // 1024} kB")
    if size <= BYTES and isinstance(value, dict) and len(value) > KEYS:
        raise ValueError(f"has more than {KEYS} keys")
    if not flat:
        _check_parts(value)
    return value


def _flat(values: dict[str, Any]) -> bool:
    """Whether an object holds nothing but names, and plain values that need no closer look: what
    most contexts are."""
    for value in values.values():
        kind = type(value)
        if kind is float:
            if not -_HUGE < value < _HUGE:
                return False
        elif kind is str:
            if "\x00" in value:
                return False
        elif kind is int:
            if not -_WIDEST < value < _WIDEST:
                return False
        elif kind is not bool and value is not None:
            return False
    return "__proto__" not in values and "\x00" not in "".join(values)


def same_json(first: object, second: object) -> bool:
    """Whether two values are equal as JSON. PostgreSQL keeps numbers as decimals and gives a
    large float back as a whole number, so numbers are compared as the floats they stand for."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            same_json(first[name], second[name]) for name in first
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same_json, first, second))
    if (
        isinstance(first, int | float)
        and isinstance(second, int | float)
        and not isinstance(first, bool)
        and not isinstance(second, bool)
    ):
        return first == second or float(first) == float(second)
    return type(first) is type(second) and first == second


def _depth_over(value: object, left: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    if left == 0:
        return True
    return any(isinstance(item, dict | list) and _depth_over(item, left - 1) for item in value)


def _check_parts(value: object) -> None:
    if isinstance(value, dict):
        for name in value:
            _check_part(name)
        # Scripts that merge objects would take it for something else than a name.
        if "__proto__" in value:
            raise ValueError("holds the key __proto__")
        value = value.values()
    elif not isinstance(value, list):
        _check_part(value)
        return
    for item in value:
        if isinstance(item, dict | list):
            _check_parts(item)
        else:
            _check_part(item)


def _check_part(value: object) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("holds a character that cannot be stored")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("holds a number that is not finite")
    elif isinstance(value, int) and abs(value) >= _WIDEST:
        raise ValueError("holds a whole number of more than 64 bits")

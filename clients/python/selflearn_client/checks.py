"""The shape of what is recorded, checked at the call: what the server would refuse raises here."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import BadValue

Number = int | float | Decimal | str
Time = datetime | int | float | str
Json = dict[str, Any]

MARKET = re.compile(r"[A-Za-z0-9._:/@-]{1,64}", re.ASCII)
ID = re.compile(r"[!-~]{1,64}", re.ASCII)
STRATEGY = re.compile(r"[a-z0-9_]{1,40}(@[a-z0-9_.-]{1,40})?", re.ASCII)
STATE_KEY = re.compile(r"[A-Za-z0-9._:@-]{1,64}", re.ASCII)
CURRENCY = re.compile(r"[A-Za-z0-9]{2,12}", re.ASCII)
FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
SMALLEST, LARGEST = Decimal("1e-12"), Decimal("1e12")
CONTEXT_BYTES, STATE_BYTES, DEPTH = 16_384, 256 * 1024, 20
_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


class Checker:
    """Collects every error of a call, so that all are told at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def settle(self) -> None:
        """Raises BadValue where anything was wrong."""
        if self.errors:
            raise BadValue(self.errors)

    def wrong(self, name: str, message: str) -> None:
        self.errors.setdefault(name, []).append(message)

    def matches(self, name: str, value: object, pattern: re.Pattern[str]) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.wrong(name, f"must be a text that matches {pattern.pattern}")
        return ""

    def one_of(self, name: str, value: object, choices: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in choices:
            return value
        self.wrong(name, f"must be {' or '.join(choices)}")
        return ""

    def text(self, name: str, value: object, length: int, required: bool = False) -> str:
        if not isinstance(value, str) or len(value) > length or not _storable(value):
            self.wrong(name, f"must be a text of at most {length} characters")
            return ""
        if required and not value.strip():
            self.wrong(name, "must not be empty")
        return value

    def whole(self, name: str, value: object, low: int = 0) -> int:
        number = _whole(value)
        if number is None or not low <= number < 2**63:
            self.wrong(name, f"must be a whole number from {low} on")
            return 0
        return number

    def amount(self, name: str, value: object, positive: bool = False) -> int | float | str:
        """A price, size or money: as given where JSON keeps it exactly, else as a text."""
        try:
            number, sent = _amount(value)
        except (ValueError, InvalidOperation, TypeError):
            self.wrong(name, "must be a finite number, such as 0.25 or '0.25'")
            return 0
        if positive and number <= 0:
            self.wrong(name, "must be above 0")
        elif number and not SMALLEST <= abs(number) <= LARGEST:
            self.wrong(name, "must be zero or of a magnitude between 1e-12 and 1e12")
        return sent

    def real(self, name: str, value: object) -> int | float:
        """A float64."""
        number = _whole(value)
        if number is not None:
            return number
        try:
            found = math.nan if isinstance(value, bool | str) else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            found = math.nan
        if not math.isfinite(found):
            self.wrong(name, "must be a finite number")
            return 0
        return found

    def time(self, name: str, value: object) -> str:
        """ISO 8601 in UTC of an aware datetime, of ISO 8601 with an offset, or of seconds."""
        try:
            moment = _moment(value)
        except (ValueError, OverflowError, TypeError) as error:
            self.wrong(name, str(error))
            return ""
        if not FIRST <= moment < LAST:
            self.wrong(name, "must lie between 1990 and 2199")
        return iso(moment)

    def json(self, name: str, value: object, size: int = CONTEXT_BYTES) -> Any:
        """JSON of limited size and depth, finite numbers and storable text."""
        try:
            found = _plain(value, DEPTH)
            encoded = json.dumps(found, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
            length = len(encoded.encode())
        except (TypeError, ValueError, RecursionError) as error:
            self.wrong(name, f"must be plain JSON: {error}")
            return None
        if length > size:
            self.wrong(name, f"is larger than {size // 1024} kB")
        return found


def encode(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _amount(value: object) -> tuple[Decimal, int | float | str]:
    number = _whole(value)
    if number is not None:
        return Decimal(number), number
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        if len(value) > 64 or not _AMOUNT.fullmatch(value):
            raise ValueError
        return Decimal(value), value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError
        text = str(value)
        return value, text if len(text) <= 64 else str(+value)
    found = float(value)  # type: ignore[arg-type]
    if not math.isfinite(found):
        raise ValueError
    return Decimal(repr(found)), found


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be ISO 8601 with an offset") from None
    if isinstance(value, datetime):
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError("has no offset: give an aware time, such as datetime.now(UTC)")
        return value.astimezone(UTC)
    if isinstance(value, bool) or value is None:
        raise ValueError("must be an aware datetime, ISO 8601 with an offset, or epoch seconds")
    seconds = float(value)  # type: ignore[arg-type]
    if not math.isfinite(seconds):
        raise ValueError("must be a finite number of seconds")
    if abs(seconds) >= 1e11:
        raise ValueError("looks like milliseconds; give seconds since 1970")
    return datetime.fromtimestamp(seconds, UTC)


def _storable(text: str) -> bool:
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _plain(value: object, left: int) -> Any:
    """The value with numbers of other libraries made Python's own."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not _storable(value):
            raise ValueError("a text holds a character that cannot be stored")
        return value
    if isinstance(value, Mapping | list | tuple):
        if left == 0:
            raise ValueError(f"nested deeper than {DEPTH}")
        if isinstance(value, Mapping):
            return {_name(key): _plain(part, left - 1) for key, part in value.items()}
        return [_plain(part, left - 1) for part in value]
    number = _whole(value)
    if number is not None:
        if abs(number) >= 2**64:
            raise ValueError("a whole number has more than 64 bits")
        return number
    found = float(value)  # type: ignore[arg-type]
    if not math.isfinite(found):
        raise ValueError("a number is not finite")
    return found


def _name(key: object) -> str:
    if not isinstance(key, str) or not _storable(key):
        raise ValueError("names must be texts")
    return key

"""The one source of now.

Everything that asks what time it is calls ``now()``; nothing else in the product reads the wall
clock, so that a moment can be replayed exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR

_fixed: ContextVar[datetime | None] = ContextVar("fixed_moment", default=None)
_simulation: Callable[[], datetime | None] | None = None


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return _fixed.get() or (_simulation() if _simulation else None) or datetime.now(UTC)


def machine_now() -> datetime:
    """The machine's time, also where time is simulated: for processes and queues."""
    return datetime.now(UTC)


def simulated() -> bool:
    """Whether time is simulated: moved by bots, and not by the wall clock."""
    return _simulation is not None


def simulate(source: Callable[[], datetime | None] | None) -> None:
    """Take the time from ``source``, which answers None until it was first set."""
    global _simulation
    _simulation = source


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Let ``now()`` answer ``moment`` inside the block."""
    if moment.tzinfo is None:
        raise ValueError("the clock needs a time with an offset, such as 2025-01-31T12:00:00Z")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield moment
    finally:
        _fixed.reset(token)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime; exact."""
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset, such as 2025-01-31T12:00:00Z")
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Aware UTC datetime of microseconds since 1970; exact."""
    return EPOCH + timedelta(microseconds=micros)


def to_text(moment: datetime) -> str:
    """ISO 8601 of an aware datetime, in UTC, with microseconds and a Z."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def from_epoch(seconds: float) -> datetime:
    """Aware UTC datetime of epoch seconds, rounded to the microsecond."""
    return EPOCH + timedelta(microseconds=round(seconds * 1_000_000))

"""Simulated time: one clock that bots move forward, the same for every process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from trading import clock
from trading.models import SimulatedClock

# What runs when the clock moves: called with the old and the new moment, answers the events.
Stage = Callable[[datetime | None, datetime], list[dict[str, Any]]]
stages: list[Stage] = []


class Backwards(ValueError):
    """The clock only moves forward."""


def now() -> datetime | None:
    """The simulated time; None until it was first set."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM trading_simulatedclock WHERE id = 1")
        row = cursor.fetchone()
    return clock.from_micros(row[0]) if row else None


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else "no moment"


def move(to: datetime) -> list[dict[str, Any]]:
    """Move the clock forward and run, in order, every stage that becomes due.

    Returns what happened. Raises Backwards.
    """
    before = now()
    with transaction.atomic():
        SimulatedClock.objects.get_or_create(pk=1, defaults={"at": to})
        # Whoever else moves it at this moment: it never goes back.
        if not SimulatedClock.objects.filter(pk=1, at__lte=to).update(at=to):
            raise Backwards(f"the clock stands at {_text(now())} and only moves forward")
    return [event for stage in stages for event in stage(before, to)]

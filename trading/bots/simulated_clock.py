"""Simulated time: one clock that bots move forward, the same for every process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from trading import clock
from trading.models import SimulatedClock

# What runs when the clock moves: called with the old and the new moment, answers the events.
Stage = Callable[[datetime | None, datetime], list[dict]]
stages: list[Stage] = []


class Backwards(ValueError):
    """The clock only moves forward."""


def now() -> datetime | None:
    """Where the clock stands; None until it was first moved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM trading_simulatedclock WHERE id = 1")
        row = cursor.fetchone()
    return clock.from_micros(row[0]) if row else None


def move(to: datetime) -> list[dict]:
    """Move the clock to a moment and run, in order, every stage that falls due on the way.

    Returns what happened. Raises Backwards.
    """
    before = now()
    with transaction.atomic():
        SimulatedClock.objects.get_or_create(pk=1, defaults={"at": to})
        # Whoever else moves it at this moment: it never goes back.
        if not SimulatedClock.objects.filter(pk=1, at__lte=to).update(at=to):
            raise Backwards(f"the clock stands at {now().isoformat()} and only moves forward")
    return [event for stage in stages for event in stage(before, to)]

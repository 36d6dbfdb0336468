"""Whether the product does its work, in one look that costs a few small queries."""

from __future__ import annotations

import time
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from analytics.jobs import status
from trading import clock

OK, LATE, DOWN = "ok", "late", "down"


def look() -> dict[str, Any]:
    """What ``/healthz`` answers. ``status`` is "down" where something does not work, "late" where
    everything lives but a job has not been done in time; each part has its own ``ok``.

    In simulated time jobs run as bots move the clock: no worker is needed for them.
    """
    answer: dict[str, Any] = {"status": OK, "web": {"ok": True}}
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answer["database"] = {"ok": True, "seconds": round(time.monotonic() - began, 4)}
        parts = {"simulated": True} if clock.simulated() else _worker()
    except (DatabaseError, InterfaceError):
        connection.close()
        return {**answer, "status": DOWN, "database": {"ok": False}}
    answer |= parts
    broken = [name for name, part in parts.items() if name != "simulated" and not part["ok"]]
    if broken:
        answer["status"] = LATE if broken == ["jobs"] else DOWN
    return answer


def _worker() -> dict[str, Any]:
    workers, queues, late = status.workers(), status.queues(), status.late()
    silent = workers["short"]["silent_seconds"]
    alive = silent is not None and silent <= status.SILENT.total_seconds()
    stuck = [
        name
        for name, queue in queues.items()
        if queue["oldest_seconds"] > status.STUCK[name].total_seconds()
    ]
    return {
        "worker": {"ok": alive, **workers},
        "queue": {"ok": not stuck, **queues},
        "jobs": {"ok": not late, "late": late},
    }

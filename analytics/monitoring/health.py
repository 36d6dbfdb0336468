"""What /healthz answers, from a few small queries."""

from __future__ import annotations

import time
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from analytics.jobs import status
from trading import clock

OK, LATE, DOWN = "ok", "late", "down"


def look() -> dict[str, Any]:
    """The state of web, database, worker, queue and jobs, each with its own ``ok``.

    ``status`` is "down" where something does not work, "late" where only a job is overdue. In
    simulated time jobs run as bots move the clock, so no worker is needed.
    """
    answer: dict[str, Any] = {"status": OK, "web": {"ok": True}}
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answer["database"] = {"ok": True, "seconds": round(time.monotonic() - began, 4)}
        if clock.simulated():
            return answer | {"simulated": True}
        parts = _worker()
    except (DatabaseError, InterfaceError):
        connection.close()
        return {**answer, "status": DOWN, "database": {"ok": False}}
    answer |= parts
    broken = [name for name, part in parts.items() if not part["ok"]]
    if broken:
        answer["status"] = LATE if broken == ["jobs"] else DOWN
    return answer


def _worker() -> dict[str, dict[str, Any]]:
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

"""Tasks wait too long for a worker, or jobs are late."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.models import Severity
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.system_inputs import SystemFrame
from trading.strategies.parameters import Number


def check(frame: SystemFrame, as_of: datetime, parameters: Values) -> Finding | None:
    waits = {
        name: queue["oldest_seconds"] / 60
        for name, queue in frame.queues.items()
        if queue["oldest_seconds"] / 60 > parameters[f"{name}_minutes"]
    }
    late = frame.late
    if not waits and not late:
        return None
    parts = [
        f"the oldest task in the {name} queue waits for {wording.hours(minutes / 60)}"
        for name, minutes in waits.items()
    ]
    if late:
        parts.append(f"late jobs: {wording.listed(late[:5])}")
    return Finding(
        f"Tasks are not processed: {'; '.join(parts)}.",
        "Check whether the worker runs (see “Scheduled jobs” or /healthz), and restart it with "
        "“python3 manage.py up” or “worker”. Nothing is lost: missed work is caught up.",
        {"minutes": waits, "late": late},
        grave=bool(waits) and bool(late),
    )


RULE = AlertRule(
    key="queue_stuck",
    title="Queue stuck",
    about="system",
    help="A task waits too long for a worker, or a job is late.",
    error_rate="Deterministic. If no worker runs at all, this alert cannot be raised: monitor "
    "/healthz from outside.",
    check=check,
    severity=Severity.WARNING,
    parameters=(
        Number(
            "short_minutes",
            10.0,
            1.0,
            10_080.0,
            1.0,
            unit="minutes",
            help="Longest wait in the queue of short jobs.",
        ),
        Number(
            "long_minutes",
            120.0,
            1.0,
            10_080.0,
            1.0,
            unit="minutes",
            help="Longest wait in the queue of backtests and optimisations.",
        ),
    ),
    lived=True,
    clears_after=timedelta(minutes=10),
)

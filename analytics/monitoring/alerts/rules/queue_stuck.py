"""Work of this installation waits and is not done."""

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
    parts = [f"the {name} queue waits for {wording.hours(m / 60)}" for name, m in waits.items()]
    if late:
        parts.append(f"late: {wording.listed(late[:5])}")
    told = "; ".join(parts)
    return Finding(
        f"Work is not being done: {told}.",
        "Look whether the worker runs (the page of jobs and /healthz say so), and restart it with "
        "“python3 manage.py up” or “worker”. Nothing is lost: what was missed is made up for.",
        {"minutes": waits, "late": late},
        event="",
        grave=bool(waits) and bool(late),
    )


RULE = AlertRule(
    key="queue_stuck",
    title="Work waits",
    about="system",
    help="A task waits too long for a worker, or a job was not done in time.",
    error_rate="No chance in it. A worker that is gone altogether cannot say so: watch /healthz "
    "from outside.",
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
            help="Of the queue of short jobs.",
        ),
        Number(
            "long_minutes",
            120.0,
            1.0,
            10_080.0,
            1.0,
            unit="minutes",
            help="Of the queue of replays and searches.",
        ),
    ),
    lived=True,
    clears_after=timedelta(minutes=10),
)

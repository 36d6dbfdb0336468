"""A scheduled job failed, or was abandoned."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.system_inputs import SystemFrame
from trading.strategies.parameters import Integer


def check(frame: SystemFrame, as_of: datetime, parameters: Values) -> Finding | None:
    failed = [
        standing
        for standing in frame.standings
        if standing.state == "dead"
        or (
            standing.state == "failed"
            and frame.failures(standing.job.name) >= parameters["in_a_row"]
        )
    ]
    if not failed:
        return None
    dead = any(standing.state == "dead" for standing in failed)
    last_run = failed[0].last
    titles = wording.listed(f"“{standing.job.title}”" for standing in failed)
    error = f" Error: “{last_run.error}”." if last_run and last_run.error else ""
    outcome = "crashed the worker repeatedly and was abandoned" if dead else "failed"
    return Finding(
        f"{titles} {outcome}.{error}",
        "Open “Scheduled jobs” to see the error and to run the job again. The next successful run "
        "catches up on missed work.",
        {"jobs": [standing.job.name for standing in failed]},
        event=", ".join(f"{standing.job.name} {standing.state}" for standing in failed)[:100],
        grave=dead,
    )


RULE = AlertRule(
    key="job_failed",
    title="Job failed",
    about="system",
    help="A scheduled job failed several times in a row, or was abandoned after three attempts.",
    error_rate="Deterministic.",
    check=check,
    parameters=(
        Integer(
            "in_a_row",
            2,
            1,
            100,
            1,
            unit="failures",
            help="Number of consecutive failures. An abandoned job always raises the alert.",
        ),
    ),
    lived=True,
    clears_after=timedelta(0),
)

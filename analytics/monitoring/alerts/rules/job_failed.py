"""A job of this installation failed, or was given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.system_inputs import SystemFrame
from trading.strategies.parameters import Integer


def check(frame: SystemFrame, as_of: datetime, parameters: Values) -> Finding | None:
    failed = [
        one
        for one in frame.standings
        if one.state in ("failed", "dead")
        and (one.state == "dead" or frame.failures(one.job.name) >= parameters["in_a_row"])
    ]
    if not failed:
        return None
    dead = any(one.state == "dead" for one in failed)
    first = failed[0]
    told = wording.listed(f"“{one.job.title}”" for one in failed)
    why = f" It said: “{first.last.error}”." if first.last and first.last.error else ""
    what = "was given up after it ended its process again and again" if dead else "failed"
    return Finding(
        f"{told} {what}.{why}",
        "The page of jobs shows the error and runs a job again. What it should have done is made "
        "up for at its next success.",
        {"jobs": [one.job.name for one in failed]},
        event=", ".join(f"{one.job.name} {one.state}" for one in failed)[:100],
        grave=dead,
    )


RULE = AlertRule(
    key="job_failed",
    title="Job failed",
    about="system",
    help="A job failed twice in a row (a dial), or was given up after three starts.",
    error_rate="No chance in it.",
    check=check,
    parameters=(
        Integer(
            "in_a_row",
            2,
            1,
            100,
            1,
            unit="failures",
            help="How many failures in a row raise it; one that was given up always does.",
        ),
    ),
    lived=True,
    clears_after=timedelta(0),
)

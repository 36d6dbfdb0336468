"""The disk is nearly full, or the database is damaged."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.models import Severity
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.system_inputs import SystemFrame
from trading.strategies.parameters import Number

GIB = 1024**3


def check(frame: SystemFrame, as_of: datetime, parameters: Values) -> Finding | None:
    free, whole = frame.disk
    if frame.damage:
        return Finding(
            f"The database integrity check failed: “{frame.damage}”.",
            "Stop imports, keep a copy of the damaged files, and restore the latest intact backup.",
            {"damage": frame.damage},
            event="damage",
            grave=True,
        )
    if free >= parameters["free_gib"] * GIB:
        return None
    return Finding(
        f"Only {free / GIB:,.1f} GiB of {whole / GIB:,.0f} GiB are free on the data disk.",
        "Free some space or move the data. On a full disk no data of bots can be stored; bots "
        "keep it and send it again later.",
        {"free_bytes": free, "disk_bytes": whole},
        event="space",
        grave=free < parameters["free_gib"] * GIB / 4,
    )


RULE = AlertRule(
    key="storage",
    title="Storage problem",
    about="system",
    help="The data disk is nearly full, or the nightly integrity check found damage.",
    error_rate="Deterministic.",
    check=check,
    severity=Severity.CRITICAL,
    parameters=(
        Number(
            "free_gib", 1.0, 0.05, 10_000.0, 0.5, unit="GiB", help="Free space that is required."
        ),
    ),
    lived=True,
    clears_after=timedelta(minutes=30),
)

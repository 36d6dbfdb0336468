"""The disk fills up, or the database does not answer as it should."""

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
            f"The look at the database failed: “{frame.damage}”.",
            "Stop the bots' imports, keep a copy of the files as they are, and restore the newest "
            "backup that is whole.",
            {"damage": frame.damage},
            event="damage",
            grave=True,
        )
    if free >= parameters["free_gib"] * GIB:
        return None
    return Finding(
        f"Only {free / GIB:.1f} of {whole / GIB:.0f} GiB are free where the data lies.",
        "Free some space or move the data. When the disk is full nothing that bots send can be "
        "stored; they keep it and send it again.",
        {"free_bytes": free, "disk_bytes": whole},
        event="space",
        grave=free < parameters["free_gib"] * GIB / 4,
    )


RULE = AlertRule(
    key="storage",
    title="Disk or database in trouble",
    about="system",
    help="Little space is left where the data lies, or the nightly look at the database found "
    "damage.",
    error_rate="No chance in it.",
    check=check,
    severity=Severity.CRITICAL,
    parameters=(
        Number(
            "free_gib", 1.0, 0.05, 10_000.0, 0.5, unit="GiB", help="How much space must be free."
        ),
    ),
    lived=True,
    clears_after=timedelta(minutes=30),
)

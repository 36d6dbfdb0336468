"""A bot is offline: its last heartbeat is too old."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.models import Severity
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import BotFrame
from trading.strategies.parameters import Number


def check(frame: BotFrame, as_of: datetime, parameters: Values) -> Finding | None:
    seen = frame.bot.seen_at
    if seen is None:
        return None
    silent = (as_of - seen).total_seconds() / 60
    limit = parameters["period_minutes"] + parameters["grace_minutes"]
    if silent <= limit:
        return None
    return Finding(
        f"{frame.about} has been offline for {wording.hours(silent / 60)}: last seen "
        f"{wording.moment(seen)}, expected every "
        f"{wording.hours(parameters['period_minutes'] / 60)}.",
        "Check whether its process runs and reaches the network. Its open positions are not "
        "managed meanwhile.",
        {"silent_minutes": silent, "limit_minutes": limit, "seen_at": seen.isoformat()},
        event=f"since {seen.isoformat()}",
        grave=silent > 6 * limit,
    )


RULE = AlertRule(
    key="silent",
    title="Bot offline",
    about="bot",
    help="The bot has neither sent a heartbeat nor fetched its parameters for longer than period "
    "plus grace time.",
    error_rate="Deterministic.",
    check=check,
    severity=Severity.CRITICAL,
    parameters=(
        Number(
            "period_minutes",
            5.0,
            0.5,
            10_080.0,
            0.5,
            unit="minutes",
            help="Expected time between heartbeats.",
        ),
        Number(
            "grace_minutes",
            10.0,
            0.0,
            10_080.0,
            0.5,
            unit="minutes",
            help="Additional time before the alert is raised.",
        ),
    ),
    lived=True,
    clears_after=timedelta(0),
)

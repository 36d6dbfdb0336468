"""A bot that used to report is not heard of."""

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
        f"{frame.about} has not been heard of for {wording.hours(silent / 60)}: last at "
        f"{wording.moment(seen)}, when it should report every "
        f"{wording.hours(parameters['period_minutes'] / 60)}.",
        "Look whether its process runs and reaches the network. Positions that it holds are not "
        "watched by it meanwhile.",
        {"silent_minutes": silent, "limit_minutes": limit, "seen_at": seen.isoformat()},
        event=f"since {seen.isoformat()}",
        grave=silent > 6 * limit,
    )


RULE = AlertRule(
    key="silent",
    title="Bot silent",
    about="bot",
    help="The bot has neither sent a heartbeat nor asked for its parameters for longer than a "
    "period and a grace.",
    error_rate="No chance in it: the bot was silent for so long.",
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
            help="How often the bot is expected to report.",
        ),
        Number(
            "grace_minutes",
            10.0,
            0.0,
            10_080.0,
            0.5,
            unit="minutes",
            help="How much later than that it may be.",
        ),
    ),
    lived=True,
    clears_after=timedelta(0),
)

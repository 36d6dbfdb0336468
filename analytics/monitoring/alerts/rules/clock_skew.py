"""The clock of a bot is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import BotFrame
from trading.strategies.parameters import Number


def check(frame: BotFrame, as_of: datetime, parameters: Values) -> Finding | None:
    ahead = frame.bot.reported.get("clock_ahead_seconds")
    if not isinstance(ahead, int | float) or abs(ahead) <= parameters["seconds"]:
        return None
    way = "ahead" if ahead > 0 else "behind"
    return Finding(
        f"The clock of {frame.about} is {abs(ahead):.0f} s {way}, according to its last heartbeat.",
        "Synchronise the clock of its machine (NTP). Trades count at the times the bot reports; "
        "trades more than 5 min in the future are refused.",
        {"ahead_seconds": ahead},
        grave=abs(ahead) > 300,
    )


RULE = AlertRule(
    key="clock_skew",
    title="Clock skew",
    about="bot",
    help="The time in the bot's heartbeat differs from the time of its arrival.",
    error_rate="Deterministic. A slow network looks like a clock that is behind.",
    check=check,
    parameters=(
        Number(
            "seconds",
            30.0,
            1.0,
            3_600.0,
            1.0,
            unit="seconds",
            help="Largest difference that is ignored.",
        ),
    ),
    lived=True,
    clears_after=timedelta(minutes=10),
)

"""A bot's clock is off."""

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
        f"The clock of {frame.about} is {abs(ahead):.0f} s {way}, by its newest heartbeat.",
        "Let its machine keep time (NTP). Trades are counted at the times it reports, and those "
        "more than five minutes in the future are refused.",
        {"ahead_seconds": ahead},
        event="",
        grave=abs(ahead) > 300,
    )


RULE = AlertRule(
    key="clock_skew",
    title="Clock off",
    about="bot",
    help="The time in the bot's heartbeat differs from the time at which it arrived.",
    error_rate="No chance in it; a slow network looks like a clock that is behind.",
    check=check,
    parameters=(
        Number("seconds", 30.0, 1.0, 3_600.0, 1.0, unit="seconds", help="How far off it may be."),
    ),
    lived=True,
    clears_after=timedelta(minutes=10),
)

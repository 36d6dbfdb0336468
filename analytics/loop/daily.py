"""The job of the report: the day that is over, the week that ended with it, what to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from analytics import frames, recommendations, reports
from analytics.frames.reports import begins
from analytics.models import Report
from trading import clock

SUNDAY = 6


def write(as_of: datetime) -> dict[str, Any]:
    """Write what is due of every bot: the newest day that is over, and on Mondays the week. What
    was written stays. "events" are the recommendations that are new."""
    day = reports.newest(as_of)
    kinds = [Report.Kind.DAY, *([Report.Kind.WEEK] if day.weekday() == SUNDAY else [])]
    made, events = 0, []
    for bot in frames.bots():
        for kind in kinds if begins(bot) <= day else ():
            report, fresh = one(bot, kind, day, as_of)
            if fresh:
                made += 1
                events += _events(report)
    return {"as_of": clock.to_text(as_of), "reports": made, "events": events}


def one(
    bot: Any, kind: str, day: date, as_of: datetime, again: bool = False
) -> tuple[Report, bool]:
    """The report of a day or week with its recommendations, and whether it was written now.
    Raises ValueError for a time that has not begun, or of which nothing is known."""
    about = reports.period(kind, day, as_of)
    first = begins(bot)
    if about.day < first:
        raise ValueError(f"nothing is known of {bot} before {first}")
    report, fresh = reports.make(bot, about, again)
    if fresh:
        recommendations.propose(report)
    return report, fresh


def _events(report: Report) -> list[dict[str, Any]]:
    """Those that were proposed for the first time."""
    return [
        {
            "type": "recommendation",
            "id": each["id"],
            "strategy": each["strategy"],
            "kind": each["kind"],
            "sentence": each["sentence"],
            "changes": each["changes"],
        }
        for each in report.recommendations
        if each["times"] == 1
    ]

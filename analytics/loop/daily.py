"""The daily report job: reports of the day and week that ended, and their recommendations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from analytics import frames, recommendations, reports
from analytics.frames.reports import begins
from analytics.models import Report
from trading import clock

SUNDAY = 6


def write(as_of: datetime) -> dict[str, Any]:
    """Write the reports that are due for every bot: the last full day, and on Mondays the week.

    Existing reports stay. "events" are the new recommendations.
    """
    day = reports.newest(as_of)
    kinds = [Report.Kind.DAY, *([Report.Kind.WEEK] if day.weekday() == SUNDAY else [])]
    count, events = 0, []
    for bot in frames.bots():
        for kind in kinds if begins(bot) <= day else ():
            report, is_new = write_one(bot, kind, day, as_of)
            if is_new:
                count += 1
                events += _events(report)
    return {"as_of": clock.to_text(as_of), "reports": count, "events": events}


def write_one(
    bot: Any, kind: str, day: date, as_of: datetime, again: bool = False
) -> tuple[Report, bool]:
    """The report of a day or week with its recommendations, and whether it was written now.

    Raises ValueError for a period that has not begun or lies before the bot's first data.
    """
    period = reports.period(kind, day, as_of)
    first = begins(bot)
    if period.day < first:
        raise ValueError(f"{bot} has no data before {first}")
    report, is_new = reports.make(bot, period, again)
    if is_new:
        recommendations.propose(report)
    return report, is_new


def _events(report: Report) -> list[dict[str, Any]]:
    """The recommendations that were proposed for the first time."""
    return [
        {
            "type": "recommendation",
            "id": proposal["id"],
            "strategy": proposal["strategy"],
            "kind": proposal["kind"],
            "sentence": proposal["sentence"],
            "changes": proposal["changes"],
        }
        for proposal in report.recommendations
        if proposal["times"] == 1
    ]

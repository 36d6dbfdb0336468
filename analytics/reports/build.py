"""The report of a day or a week: what was known of a bot at its end, as data.

A stage: it reads through the frames and the questions that ``trading`` answers, writes
its own rows, and returns what it did. As of a moment it looks at nothing later. What the data
means in words is said by ``analytics.reports.text``; what to do about it is proposed by
``analytics.recommendations.stage``, which reads the rows that are written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from analytics.frames import reports
from analytics.models import Report
from analytics.reports import sections as reports_sections
from analytics.reports import setup_text, text
from trading import clock

Kind = Report.Kind
DAYS = {Kind.DAY: 1, Kind.WEEK: 7}
BEFORE = {Kind.DAY: 7, Kind.WEEK: 28}  # days before, which it is held against


@dataclass(frozen=True, slots=True)
class Period:
    """What a report is about: days of UTC. ``until`` is the end of what is looked at: that of the
    period, or earlier while it is not over."""

    kind: str
    day: date
    since: datetime
    end: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.since

    @property
    def previous(self) -> tuple[datetime, datetime]:
        """The day, or the week, before."""
        return self.since - self.length, self.since

    @property
    def base(self) -> tuple[datetime, datetime]:
        """The longer time before, which says what is usual."""
        return self.since - timedelta(days=BEFORE[Kind(self.kind)]), self.since

    @property
    def complete(self) -> bool:
        return self.until >= self.end


def period(kind: str, day: date, as_of: datetime) -> Period:
    """The period of a report. Raises ValueError for one that has not begun; a week ends on a
    Sunday, and any of its days names it."""
    if kind == Kind.WEEK:
        day += timedelta(days=6 - day.weekday())
    end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    since = end - timedelta(days=DAYS[Kind(kind)])
    if since >= as_of:
        raise ValueError(f"{day} has not begun yet")
    return Period(kind, day, since, end, min(end, as_of))


def newest(as_of: datetime) -> date:
    """The newest day that is over."""
    return (as_of.astimezone(UTC) - timedelta(days=1)).date()


def make(bot: Any, about: Period, again: bool = False) -> tuple[Report, bool]:
    """The report of a period, and whether it was made now. One that is complete stays as it was
    written, whatever comes to be known later, unless it is to be made ``again``."""
    found = Report.objects.filter(bot=bot, kind=about.kind, day=about.day).first()
    if found and not again and (found.complete or found.as_of >= about.until):
        return found, False
    data = _data(bot, about)
    made, _ = Report.objects.update_or_create(
        bot=bot,
        kind=about.kind,
        day=about.day,
        defaults={
            "as_of": about.until,
            "complete": about.complete,
            "made_at": clock.now(),
            "data": data,
            "news": text.news(data),
            # They are of the moment, and proposed anew from what is written now.
            "proposals": [],
        },
    )
    return made, True


def _data(bot: Any, about: Period) -> dict[str, Any]:
    sections = [
        reports_sections.section(instance, mode, about)
        for instance, mode in reports.strategies_at(bot.pk, about.until)
    ]
    sections.sort(key=lambda one: -one["now"]["trades"])  # those that traded first
    data = {
        "kind": about.kind,
        "day": about.day.isoformat(),
        "bot": bot.name,
        "since": clock.to_text(about.since),
        "until": clock.to_text(about.until),
        "complete": about.complete,
        "strategies": sections,
        "alerts": reports_sections.alerts(bot, None, about),
        "totals": reports_sections.totals(bot, about),
    }
    lines = zip(text.head(data), sections, strict=True)
    return {
        **data,
        "head": [{**line, "why": [*line["why"], *setup_text.brief(one)]} for line, one in lines],
    }

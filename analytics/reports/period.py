"""The period of a report: a day or a week (UTC), and the periods it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from analytics.models import Report

Kind = Report.Kind
DAYS = {Kind.DAY: 1, Kind.WEEK: 7}
BASE_DAYS = {Kind.DAY: 7, Kind.WEEK: 28}  # length of the longer period before


@dataclass(frozen=True, slots=True)
class Period:
    """[since, end); ``until`` is the end of the data: ``end``, or earlier while it is not over."""

    kind: str
    day: date
    since: datetime
    end: datetime
    until: datetime

    @property
    def previous(self) -> tuple[datetime, datetime]:
        """The day, or the week, before."""
        return self.since - (self.end - self.since), self.since

    @property
    def base(self) -> tuple[datetime, datetime]:
        """The longer period before, the baseline: 7 days, or 4 weeks."""
        return self.since - timedelta(days=BASE_DAYS[Kind(self.kind)]), self.since

    @property
    def complete(self) -> bool:
        return self.until >= self.end


def period(kind: str, day: date, as_of: datetime) -> Period:
    """The period of a report. Any day of a week names it; its ``day`` is the Sunday.

    Raises ValueError for a period that has not begun."""
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

"""Builds and stores the report of a day or a week.

A stage: it reads through ``analytics.frames`` and ``trading.performance``, writes its own rows and
reads nothing later than the end of the period. ``analytics.reports.text`` words the data;
``analytics.recommendations`` proposes what to do.
"""

from __future__ import annotations

from msgspec.structs import replace

from analytics.frames import reports
from analytics.frames.reports import Bot
from analytics.models import Report
from analytics.reports import sections, text
from analytics.reports.data import ReportData, to_json
from analytics.reports.period import Period
from trading import clock


def make(bot: Bot, period: Period, again: bool = False) -> tuple[Report, bool]:
    """The report of a period, and whether it was written now. A complete report stays as it was
    written, whatever arrives later, unless ``again``."""
    report = Report.objects.filter(bot=bot, kind=period.kind, day=period.day).first()
    if report and not again and (report.complete or report.as_of >= period.until):
        return report, False
    data = build(bot, period)
    report, _ = Report.objects.update_or_create(
        bot=bot,
        kind=period.kind,
        day=period.day,
        defaults={
            "as_of": period.until,
            "complete": period.complete,
            "made_at": clock.now(),
            "data": to_json(data),
            "news": text.news(data),
            "recommendations": [],  # written by analytics.recommendations
        },
    )
    return report, True


def build(bot: Bot, period: Period) -> ReportData:
    """The content of a report; the strategies with the most trades first."""
    strategies = [
        sections.section(instance, mode, period)
        for instance, mode in reports.strategies_at(bot.pk, period.until)
    ]
    strategies.sort(key=lambda section: -section.now.trades)
    data = ReportData(
        kind=period.kind,
        day=period.day.isoformat(),
        bot=bot.name,
        since=clock.to_text(period.since),
        until=clock.to_text(period.until),
        complete=period.complete,
        strategies=strategies,
        alerts=sections.alerts(bot, None, period),
        totals=sections.totals(bot, period),
    )
    return replace(data, head=text.head(data))

"""Reports sent through channels, once each: the whole report by mail, its summary elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from analytics.models import Channel, Message, Report, ReportNotice
from analytics.notifications import rendering
from analytics.notifications.rendering import Words, one_line
from analytics.reports import from_json, recommendations_from_json, text
from analytics.reports.data import Section
from trading.formatting import signed

KINDS = {
    Channel.Reports.DAILY: (Report.Kind.DAY,),
    Channel.Reports.WEEKLY: (Report.Kind.WEEK,),
    Channel.Reports.BOTH: (Report.Kind.DAY, Report.Kind.WEEK),
}
FRESH = timedelta(hours=36)  # older reports are shown on pages only
SHORT = 1_500  # characters that every service accepts


def due(channel: Channel, now: datetime) -> list[Report]:
    """Reports that a channel has not handled yet, oldest first; none before its hour."""
    kinds = KINDS.get(Channel.Reports(channel.reports), ())
    if not kinds or now.astimezone(ZoneInfo(channel.zone)).hour < channel.report_hour:
        return []
    fresh = Report.objects.filter(
        kind__in=kinds, complete=True, as_of__gte=now - FRESH, as_of__lte=now
    )
    return _unhandled(channel, fresh)


def send(reports: Sequence[Report], now: datetime) -> int:
    """Queues these reports for every channel that wants their kind and has not handled them;
    returns the number of messages."""
    messages = 0
    for channel in Channel.objects.filter(enabled=True).exclude(reports=Channel.Reports.NONE):
        kinds = KINDS[Channel.Reports(channel.reports)]
        wanted = Report.objects.filter(pk__in=[report.pk for report in reports], kind__in=kinds)
        messages += write(channel, _unhandled(channel, wanted), now)
    return messages


def _unhandled(channel: Channel, reports: QuerySet[Report]) -> list[Report]:
    bots = list(channel.bots.values_list("pk", flat=True))
    reports = reports.filter(bot__in=bots) if bots else reports
    return list(
        reports.exclude(notices__channel=channel)
        .select_related("bot")
        .order_by("day", "kind", "bot")
    )


def write(channel: Channel, reports: Sequence[Report], now: datetime) -> int:
    """Queues one message with all reports that are worth sending; 0 if there is none. All are
    marked as handled."""
    if not reports:
        return 0
    with transaction.atomic():
        # One process at a time writes a channel's messages.
        Channel.objects.select_for_update().get(pk=channel.pk)
        handled = set(
            ReportNotice.objects.filter(channel=channel, report__in=reports).values_list(
                "report", flat=True
            )
        )
        fresh = [report for report in reports if report.pk not in handled]
        sent = [report for report in fresh if report.news or not channel.report_news_only]
        message = _message(channel, sent, now) if sent else None
        ReportNotice.objects.bulk_create(
            ReportNotice(
                channel=channel,
                report=report,
                message=message if report in sent else None,
                noticed_at=now,
            )
            for report in fresh
        )
    return int(message is not None)


def _message(channel: Channel, reports: Sequence[Report], now: datetime) -> Message:
    words = composed(channel, reports)
    return Message.objects.create(
        channel=channel,
        subject=words.subject,
        text=words.text,
        html=words.html,
        created_at=now,
        next_at=now,
    )


def composed(channel: Channel, reports: Sequence[Report]) -> Words:
    """The message: everything in a mail, the summary elsewhere."""
    subject = _subject(reports)
    context = {
        "reports": [_context(report) for report in reports],
        "channel": channel,
        "title": subject,
    }
    subject = one_line(f"[selflearn] {subject}", rendering.SUBJECT_LENGTH)
    mail = channel.kind == "email"
    template = "emails/report.txt" if mail else "emails/report_short.txt"
    plain = render_to_string(template, context).strip() + "\n"
    if not mail:
        return Words(subject, plain if len(plain) <= SHORT else f"{plain[: SHORT - 1]}…", "")
    return Words(subject, plain, render_to_string("emails/report.html", context))


def _subject(reports: Sequence[Report]) -> str:
    bots = ", ".join(dict.fromkeys(report.bot.name for report in reports))
    return f"{text.title(from_json(reports[-1].data))} of {bots}"


def _context(report: Report) -> dict[str, Any]:
    data = from_json(report.data)
    recommendations = recommendations_from_json(report.recommendations)
    return {
        "title": text.title(data),
        "bot": data.bot,
        "head": data.head,
        "alerts": data.alerts,
        "first": text.first(recommendations),
        "recommendations": recommendations,
        "charts": [chart for section in data.strategies if (chart := _day_chart(section))],
        "url": rendering.page("admin:analytics_report_change", report.pk),
    }


def _day_chart(section: Section) -> dict[str, Any] | None:
    """The last 14 days with trades as bars without a picture: widths in percent of the widest."""
    days = [(day, total) for day, _, total in section.days if total is not None][-14:]
    most = max((abs(total) for _, total in days), default=0.0)
    if len(days) < 2 or not most:
        return None
    return {
        "name": section.display_name,
        "days": [
            {
                "day": day[5:],
                "text": signed(total),
                "width": max(1, round(abs(total) / most * 100)),
                "gain": total >= 0,
            }
            for day, total in days
        ],
    }

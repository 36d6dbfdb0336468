"""Reports told through channels: whole as a mail, in short elsewhere, once each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.template.loader import render_to_string

from analytics.models import Channel, Message, Report, ReportNotice
from analytics.notifications import rendering
from analytics.notifications.channels import REGISTRY
from analytics.notifications.rendering import Words, one_line
from analytics.reports import text as words

KINDS = {
    Channel.Reports.DAILY: (Report.Kind.DAY,),
    Channel.Reports.WEEKLY: (Report.Kind.WEEK,),
    Channel.Reports.BOTH: (Report.Kind.DAY, Report.Kind.WEEK),
}
FRESH = timedelta(hours=36)  # what was written of a time long past is for the pages
SHORT = 1_500  # characters that every service takes


def due(channel: Channel, now: datetime) -> list[Report]:
    """The reports that a channel has not looked at, once its hour has come, oldest first."""
    kinds = KINDS.get(Channel.Reports(channel.reports), ())
    if not kinds or now.astimezone(ZoneInfo(channel.zone)).hour < channel.report_hour:
        return []
    found = Report.objects.filter(
        kind__in=kinds, complete=True, as_of__gte=now - FRESH, as_of__lte=now
    )
    return _unseen(channel, found)


def tell(reports: Sequence[Report], now: datetime) -> int:
    """Tell these now to every channel that wants reports of their kind and has not told them;
    returns how many messages that makes."""
    made = 0
    for channel in Channel.objects.filter(enabled=True).exclude(reports=Channel.Reports.NONE):
        kinds = KINDS[Channel.Reports(channel.reports)]
        found = Report.objects.filter(pk__in=[one.pk for one in reports], kind__in=kinds)
        made += write(channel, _unseen(channel, found), now)
    return made


def _unseen(channel: Channel, found: Any) -> list[Report]:
    bots = list(channel.bots.values_list("pk", flat=True))
    found = found.filter(bot__in=bots) if bots else found
    return list(
        found.exclude(notices__channel=channel).select_related("bot").order_by("day", "kind", "bot")
    )


def write(channel: Channel, reports: Sequence[Report], now: datetime) -> int:
    """One message of all that is worth telling of these reports; 0 where nothing is. Looked at
    once, they are not looked at again."""
    if not reports:
        return 0
    with transaction.atomic():
        # One process at a time makes a channel's messages.
        Channel.objects.select_for_update().get(pk=channel.pk)
        seen = set(
            ReportNotice.objects.filter(channel=channel, report__in=reports).values_list(
                "report", flat=True
            )
        )
        fresh = [one for one in reports if one.pk not in seen]
        told = [one for one in fresh if one.news or not channel.report_news_only]
        message = _message(channel, told, now) if told else None
        ReportNotice.objects.bulk_create(
            ReportNotice(
                channel=channel,
                report=one,
                message=message if one in told else None,
                noticed_at=now,
            )
            for one in fresh
        )
    return int(message is not None)


def _message(channel: Channel, reports: Sequence[Report], now: datetime) -> Message:
    said = composed(channel, reports)
    return Message.objects.create(
        channel=channel,
        subject=said.subject,
        text=said.text,
        html=said.html,
        created_at=now,
        next_at=now,
    )


def composed(channel: Channel, reports: Sequence[Report]) -> Words:
    """The message: for a mail all of it, for a telephone the heads."""
    shown = [_shown(one) for one in reports]
    subject = one_line(f"[selflearn] {_subject(reports)}", rendering.SUBJECT_LENGTH)
    context = {"reports": shown, "channel": channel, "title": _subject(reports)}
    name = "report" if REGISTRY[channel.kind].html else "report_short"
    text = render_to_string(f"emails/{name}.txt", context).strip() + "\n"
    if not REGISTRY[channel.kind].html:
        return Words(subject, text if len(text) <= SHORT else f"{text[: SHORT - 1]}…", "")
    return Words(subject, text, render_to_string("emails/report.html", context))


def _subject(reports: Sequence[Report]) -> str:
    bots = ", ".join(dict.fromkeys(one.bot.name for one in reports))
    return f"{words.title(reports[-1].data)} of {bots}"


def _shown(report: Report) -> dict[str, Any]:
    data = report.data
    return {
        "report": report,
        "title": words.title(data),
        "bot": data["bot"],
        "head": data["head"],
        "alerts": data["alerts"],
        "first": words.first(report.proposals),
        "proposals": report.proposals,
        "bars": list(_bars(data["strategies"])),
        "url": rendering.page("admin:analytics_report_change", report.pk),
    }


def _bars(sections: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The days of each strategy as bars that need no picture: widths in percent of the widest."""
    for one in sections:
        days = [each for each in one["days"] if each[2] is not None][-14:]
        most = max((abs(total) for _, _, total in days), default=0.0)
        if len(days) > 1 and most:
            yield {
                "name": words.called(one),
                "days": [
                    {
                        "day": day[5:],
                        "trades": trades,
                        "text": words.pct(total),
                        "width": max(1, round(abs(total) / most * 100)),
                        "gain": total >= 0,
                    }
                    for day, trades, total in days
                ],
            }

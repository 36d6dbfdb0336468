"""The content of a message: subject, plain text, and HTML for e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from analytics.models import AlertEvent, Channel, Severity
from analytics.monitoring.alerts.base import ORDER

Type = AlertEvent.Type
SUBJECT_LENGTH = 150
MOST = 30  # events in one message
_STATUS = {
    Type.OPENED: "New",
    Type.ESCALATED: "Worse",
    Type.REOPENED: "Reopened",
    Type.ENDED: "Resolved",
    Type.RESOLVED: "Resolved",
}


@dataclass(frozen=True)
class Item:
    """One event of a message, ready to be shown."""

    status: str
    severity: str
    level: str
    place: str
    sentence: str
    advice: str
    when: str
    url: str
    note: str


@dataclass(frozen=True)
class Words:
    subject: str
    text: str
    html: str


def alerts(channel: Channel, events: Sequence[AlertEvent]) -> Words:
    """The message of these events, the highest severity first."""
    ranked = sorted(
        events, key=lambda event: (-ORDER.index(Severity(event.severity)), event.at, event.pk)
    )
    items = [_item(event, ZoneInfo(channel.zone)) for event in ranked]
    context = {
        "title": _subject(items),
        "items": items[:MOST],
        "more": len(items[MOST:]),
        "channel": channel,
        "list_url": page("admin:analytics_alert_changelist"),
    }
    return _words(context, "alerts")


def test(channel: Channel, now: datetime) -> Words:
    """A message that shows that a channel works."""
    when = _when(now, ZoneInfo(channel.zone))
    context = {"title": f"Test of {channel.name}", "channel": channel, "when": when}
    return _words(context, "test")


def _words(context: dict[str, object], name: str) -> Words:
    subject = one_line(f"[selflearn] {context['title']}", SUBJECT_LENGTH)
    text = render_to_string(f"emails/{name}.txt", context).strip() + "\n"
    return Words(subject, text, render_to_string(f"emails/{name}.html", context))


def one_line(text: str, length: int) -> str:
    """A text without line breaks and control characters, fit for a mail header."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= length else f"{plain[: length - 1].rstrip()}…"


def _subject(items: Sequence[Item]) -> str:
    if len(items) == 1:
        (item,) = items
        head = item.level if item.status == "New" else item.status
        place = f"{item.place}: " if item.place else ""
        return f"{head}: {place}{item.sentence}"
    critical = sum(item.severity == Severity.CRITICAL for item in items)
    critical_part = f", {critical} critical" if critical else ""
    places = list(dict.fromkeys(item.place for item in items if item.place))
    about = f": {', '.join(places[:3])}{' ...' if len(places) > 3 else ''}" if places else ""
    return f"{len(items)} alerts{critical_part}{about}"


def _item(event: AlertEvent, zone: ZoneInfo) -> Item:
    alert = event.alert
    parts = [alert.instance.name if alert.instance else "", alert.bot.name if alert.bot else ""]
    mode = " (paper)" if alert.mode == "paper" else ""
    return Item(
        status=_STATUS[Type(event.type)],
        severity=event.severity,
        level=event.get_severity_display(),
        place=" of ".join(part for part in parts if part) + mode,
        sentence=event.sentence,
        advice=alert.advice if event.type not in (Type.ENDED, Type.RESOLVED) else "",
        when=_when(event.at, zone),
        url=page("admin:analytics_alert_change", alert.pk),
        note=event.note,
    )


def _when(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"


def page(name: str, *arguments: object) -> str:
    """The URL of a page; empty where BASE_URL is not set."""
    return settings.BASE_URL + reverse(name, args=arguments) if settings.BASE_URL else ""

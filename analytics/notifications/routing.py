"""Which events a channel gets, and when: by bot, severity and hour, grouped into messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from analytics.models import AlertEvent, Channel, Notice, Severity
from analytics.monitoring.alerts.base import ORDER

Type = AlertEvent.Type
BEGINNINGS = (Type.OPENED, Type.ESCALATED, Type.REOPENED)
ENDINGS = (Type.ENDED, Type.RESOLVED)
OLD = timedelta(days=1)  # events of a replayed past appear on the pages only
UNSEEN = timedelta(days=30)  # older events have been handled


def notice(channel: Channel, now: datetime) -> int:
    """Store a notice for every new event; returns how many of them will be sent.

    A row per event, not the last key: two concurrent events may commit in reverse order.
    """
    handled = Notice.objects.filter(channel=channel, event=OuterRef("pk"))
    since = max(channel.since, now - UNSEEN)
    new_events = AlertEvent.objects.filter(~Exists(handled), written_at__gte=since).order_by("pk")
    bots = set(channel.bots.values_list("pk", flat=True))
    notices, notified = [], set[int]()
    for event in new_events.select_related("alert"):
        wanted = wants(channel, bots, event)
        if wanted and event.type in ENDINGS:
            # An end is sent only where the beginning was.
            wanted = event.alert_id in notified or _was_notified(channel, event)
        if wanted:
            notified.add(event.alert_id)
        notices.append(Notice(channel=channel, event=event, wanted=wanted, noticed_at=now))
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return sum(stored.wanted for stored in notices)


def _was_notified(channel: Channel, event: AlertEvent) -> bool:
    return Notice.objects.filter(
        channel=channel, wanted=True, event__alert=event.alert_id, event__type__in=BEGINNINGS
    ).exists()


def wants(channel: Channel, bots: set[int], event: AlertEvent) -> bool:
    """Whether a channel sends an event.

    ``bots``: the channel's bots, empty for all. Events of the installation, such as a full disk,
    go to every channel.
    """
    if bots and event.alert.bot_id and event.alert.bot_id not in bots:
        return False
    if _rank(event.severity) < _rank(channel.minimum_severity):
        return False
    if event.written_at - event.at > OLD:
        return False
    return event.type in BEGINNINGS or (channel.notify_on_resolve and event.type in ENDINGS)


def _rank(severity: str) -> int:
    return ORDER.index(Severity(severity))


def due(channel: Channel, now: datetime) -> list[Notice]:
    """The notices to send now in one message.

    All that wait, once the first has waited ``group_minutes`` or one is critical; in quiet hours
    only critical ones, if the channel allows them.
    """
    waiting = list(
        Notice.objects.filter(channel=channel, wanted=True, message=None)
        .select_related("event__alert__bot", "event__alert__instance")
        .order_by("pk")
    )
    urgent = [
        waiting_notice
        for waiting_notice in waiting
        if channel.critical_immediately and waiting_notice.event.severity == Severity.CRITICAL
    ]
    if is_quiet(channel, now):
        return urgent
    group = timedelta(minutes=channel.group_minutes)
    if urgent or any(now - waiting_notice.noticed_at >= group for waiting_notice in waiting):
        return waiting
    return []


def is_quiet(channel: Channel, now: datetime) -> bool:
    """Whether the channel has quiet hours now; they may run past midnight."""
    if channel.quiet_from is None or channel.quiet_until is None:
        return False
    time = now.astimezone(ZoneInfo(channel.zone)).time()
    if channel.quiet_from <= channel.quiet_until:
        return channel.quiet_from <= time < channel.quiet_until
    return time >= channel.quiet_from or time < channel.quiet_until

"""What a channel tells, and when: by bot, severity and hour, several things in one message."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from analytics.models import AlertEvent, Channel, Notice, Severity
from analytics.monitoring.alerts.base import ORDER

Type = AlertEvent.Type
BEGINNINGS = (Type.OPENED, Type.ESCALATED, Type.REOPENED)
ENDINGS = (Type.ENDED, Type.RESOLVED)
OLD = timedelta(days=1)  # what a replayed past finds is for the pages, not for the telephone
UNSEEN = timedelta(days=30)  # events written longer ago have been looked at


def notice(channel: Channel, now: datetime) -> int:
    """Look at every event that this channel has not seen; returns how many it will tell.

    Rows, not a bookmark: of two events written at once the later key may be seen first.
    """
    seen = Notice.objects.filter(channel=channel, event=OuterRef("pk"))
    since = max(channel.since, now - UNSEEN)
    fresh = AlertEvent.objects.filter(~Exists(seen), written_at__gte=since).order_by("pk")
    bots = set(channel.bots.values_list("pk", flat=True))
    found, told = [], set[int]()
    for event in fresh.select_related("alert"):
        wanted = wants(channel, bots, event)
        if wanted and event.type in ENDINGS:
            # The end is told to who was told of the beginning.
            wanted = event.alert_id in told or _was_told(channel, event)
        if wanted:
            told.add(event.alert_id)
        found.append(Notice(channel=channel, event=event, wanted=wanted, noticed_at=now))
    Notice.objects.bulk_create(found, ignore_conflicts=True)
    return sum(one.wanted for one in found)


def _was_told(channel: Channel, event: AlertEvent) -> bool:
    return Notice.objects.filter(
        channel=channel, wanted=True, event__alert=event.alert_id, event__type__in=BEGINNINGS
    ).exists()


def wants(channel: Channel, bots: set[int], event: AlertEvent) -> bool:
    """Whether a channel tells an event; without ``bots`` it speaks of all, and one that speaks of
    some still tells what concerns no bot, such as a full disk."""
    if bots and event.alert.bot_id and event.alert.bot_id not in bots:
        return False
    if ORDER.index(event.severity) < ORDER.index(channel.least):
        return False
    if event.written_at - event.at > OLD:
        return False
    return event.type in BEGINNINGS or (channel.tell_end and event.type in ENDINGS)


def due(channel: Channel, now: datetime) -> list[Notice]:
    """What is to be told now, in one message: all that waits, once the first of it has waited
    long enough; in quiet hours only what is critical, where the channel lets that through."""
    waiting = Notice.objects.filter(channel=channel, wanted=True, message=None)
    found = list(
        waiting.select_related("event__alert__bot", "event__alert__instance").order_by("pk")
    )
    urgent = [
        one for one in found if channel.critical_at_once and one.event.severity == Severity.CRITICAL
    ]
    if is_quiet(channel, now):
        return urgent
    waited = timedelta(minutes=channel.gather_minutes)
    if urgent or any(now - one.noticed_at >= waited for one in found):
        return found
    return []


def is_quiet(channel: Channel, now: datetime) -> bool:
    """Whether it is night for this channel; hours may run past midnight."""
    if channel.quiet_from is None or channel.quiet_until is None:
        return False
    time = now.astimezone(ZoneInfo(channel.zone)).time()
    if channel.quiet_from <= channel.quiet_until:
        return channel.quiet_from <= time < channel.quiet_until
    return time >= channel.quiet_from or time < channel.quiet_until

"""The notification stage: events become messages, messages are sent, failures are retried.

A message is stored before it is sent, so none is lost. If a process dies while sending, the message
stays claimed until another process sends it again: a repeat is possible, a loss is not.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from analytics.models import Channel, Message, Notice
from analytics.notifications import rendering, report_mail, routing
from analytics.notifications.channels import REGISTRY, NotDelivered
from analytics.notifications.env_channels import address_of, sync
from trading import clock

State = Message.State
CLAIM = timedelta(minutes=10)  # longer than any service needs
GIVE_UP = timedelta(hours=24)
WAITS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60)]
BUDGET = 120  # seconds per run; the rest waits for the next run


def deliver(as_of: datetime) -> dict[str, Any]:
    """Send the notifications that are due, and retry those that failed. Returns counts."""
    sync()
    channels = list(Channel.objects.filter(enabled=True))
    events = sum(_compose(channel, as_of) for channel in channels)
    reports = sum(
        report_mail.write(channel, report_mail.due(channel, as_of), as_of) for channel in channels
    )
    started = time.monotonic()
    counts = {State.SENT: 0, State.WAITING: 0, State.FAILED: 0}
    while time.monotonic() - started < BUDGET and (message := _claim(as_of)):
        counts[_send(message)] += 1
    return {
        "events": events,
        "reports": reports,
        "delivered": counts[State.SENT],
        "retried_later": counts[State.WAITING],
        "failed": counts[State.FAILED],
    }


def send_test(channel: Channel) -> Message:
    """Send a test message now; its state says whether it was delivered."""
    words = rendering.test(channel, clock.now())
    now = clock.now()
    message = Message.objects.create(
        channel=channel,
        subject=words.subject,
        text=words.text,
        html=words.html,
        state=State.SENDING,
        claimed_at=now,
        attempts=1,
        created_at=now,
        next_at=now,
    )
    _send(message, once=True)
    return message


def send_again(message: Message) -> bool:
    """Retry a failed message; False where it has not failed."""
    now = clock.now()
    return bool(
        Message.objects.filter(pk=message.pk, state=State.FAILED).update(
            state=State.WAITING, next_at=now, created_at=now, attempts=0, error=""
        )
    )


def _compose(channel: Channel, now: datetime) -> int:
    """Create the message that is due; returns its number of events."""
    routing.notice(channel, now)
    with transaction.atomic():
        # One process at a time composes a channel's messages.
        Channel.objects.select_for_update().get(pk=channel.pk)
        notices = routing.due(channel, now)
        if not notices:
            return 0
        words = rendering.alerts(channel, [notice.event for notice in notices])
        message = Message.objects.create(
            channel=channel,
            subject=words.subject,
            text=words.text,
            html=words.html,
            created_at=now,
            next_at=now,
        )
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(message=message)
    return len(notices)


def _claim(now: datetime) -> Message | None:
    """Claim a message that is due, also one whose sender died; None where there is none."""
    ready = Q(state=State.WAITING, next_at__lte=now)
    ready |= Q(state=State.SENDING, claimed_at__lte=now - CLAIM)
    due = Message.objects.filter(ready, channel__enabled=True).select_related("channel")
    for message in due.order_by("next_at", "pk")[:20]:
        same = Message.objects.filter(
            pk=message.pk, state=message.state, claimed_at=message.claimed_at
        )
        if same.update(state=State.SENDING, claimed_at=now, attempts=F("attempts") + 1):
            message.refresh_from_db(fields=["state", "claimed_at", "attempts"])
            return message
    return None


def _send(message: Message, once: bool = False) -> Message.State:
    """Send a claimed message and store the outcome; returns its new state."""
    channel, error = message.channel, ""
    try:
        if channel.kind not in REGISTRY:
            raise NotDelivered(f"there is no channel type {channel.kind}")
        REGISTRY[channel.kind].send(message, address_of(channel))
    except NotDelivered as failure:
        error = str(failure)
    now = clock.now()
    if not error:
        message.state, message.sent_at, message.error = State.SENT, now, ""
    else:
        last = once or now - message.created_at >= GIVE_UP
        message.state = State.FAILED if last else State.WAITING
        message.next_at = now + WAITS[min(message.attempts, len(WAITS)) - 1]
        message.error = error[:300]
    message.save(update_fields=["state", "sent_at", "error", "next_at"])
    return State(message.state)

"""The stage that tells people: events become messages, messages go out, failures are retried.

A message is a row before it is sent and until it was taken, so that none is lost; a process that
dies between the two leaves it claimed, and after a while another one sends it: at most a repeat.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from analytics.models import Channel, Message, Notice
from analytics.notifications import rendering, report_mail, routing
from analytics.notifications.channels import email, push
from analytics.notifications.channels.base import NotDelivered
from analytics.notifications.env_channels import address_of, sync
from trading import clock

State = Message.State
KINDS = {Channel.Kind.EMAIL: email, Channel.Kind.PUSH: push}
CLAIM = timedelta(minutes=10)  # longer than any service may take
GIVE_UP = timedelta(hours=24)
WAITS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60)]
BUDGET = 120  # seconds of one run: what is left waits for the next


def deliver(as_of: datetime) -> dict[str, Any]:
    """Tell what is to be told by now, and try again what failed."""
    sync()
    channels = list(Channel.objects.filter(enabled=True))
    told = sum(_compose(channel, as_of) for channel in channels)
    reports = sum(
        report_mail.write(channel, report_mail.due(channel, as_of), as_of) for channel in channels
    )
    started = time.monotonic()
    done = {State.SENT: 0, State.WAITING: 0, State.FAILED: 0}
    while time.monotonic() - started < BUDGET and (message := _claim(as_of)):
        done[_send(message)] += 1
    return {
        "events": told,
        "reports": reports,
        "delivered": done[State.SENT],
        "to be tried again": done[State.WAITING],
        "given up": done[State.FAILED],
    }


def send_test(channel: Channel) -> Message:
    """Send a message that says the channel works, now; its state says whether it did."""
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
    """Let a message that was given up be tried anew; False where it was not given up."""
    now = clock.now()
    return bool(
        Message.objects.filter(pk=message.pk, state=State.FAILED).update(
            state=State.WAITING, next_at=now, created_at=now, attempts=0, error=""
        )
    )


def _compose(channel: Channel, now: datetime) -> int:
    """Make the message that is due; returns how many events it tells."""
    routing.notice(channel, now)
    with transaction.atomic():
        # One process at a time makes a channel's messages.
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
    """A message that is due, taken by this process; one whose sender died counts as due."""
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


def _send(message: Message, once: bool = False) -> str:
    """Send a claimed message and write down what became of it; returns its new state."""
    channel, error = message.channel, ""
    try:
        KINDS[Channel.Kind(channel.kind)].send(message, address_of(channel))
    except NotDelivered as refusal:
        error = str(refusal)
    now = clock.now()
    if not error:
        message.state, message.sent_at, message.error = State.SENT, now, ""
    else:
        last = once or now - message.created_at >= GIVE_UP
        message.state = State.FAILED if last else State.WAITING
        message.next_at = now + WAITS[min(message.attempts, len(WAITS)) - 1]
        message.error = error[:300]
    message.save(update_fields=["state", "sent_at", "error", "next_at"])
    return message.state

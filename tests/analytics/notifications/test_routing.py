"""Which events a channel sends, and when."""

from datetime import UTC, datetime, time, timedelta

import pytest

from analytics.models import AlertEvent, Message, Notice
from analytics.notifications import routing
from tests.analytics.notifications.conftest import NOW
from tests.trading.story import make_bot

pytestmark = pytest.mark.django_db


def due(channel, now=NOW):
    routing.notice(channel, now)
    return [one.event.sentence for one in routing.due(channel, now)]


def test_a_channel_sends_events_of_its_minimum_severity(channel, happen):
    happen("mild", "info")
    happen("grave", "critical")
    assert due(channel) == ["grave"]
    assert Notice.objects.filter(wanted=False).count() == 1


def test_a_channel_of_one_bot_sends_its_events_and_those_of_the_installation(channel, happen, bot):
    other = make_bot("Other")
    channel.bots.add(bot)
    happen("mine")
    happen("theirs", bot=other)
    happen("disk", bot=None)
    assert due(channel) == ["mine", "disk"]


@pytest.mark.parametrize(
    ("notify_on_resolve", "expected"),
    [(True, ["opened", "ended", "resolved"]), (False, ["opened"])],
)
def test_the_end_is_sent_if_the_channel_wants_it(channel, happen, notify_on_resolve, expected):
    channel.notify_on_resolve = notify_on_resolve
    alert = happen("opened").alert
    for type_ in ("acknowledged", "snoozed", "ended", "resolved"):
        happen(type_, type_=type_, alert=alert)
    assert due(channel) == expected


def test_events_of_a_replayed_past_are_not_sent(channel, happen):
    event = happen("long ago", at=NOW - timedelta(days=40))
    AlertEvent.objects.filter(pk=event.pk).update(written_at=NOW)
    assert due(channel) == []


def test_the_end_is_not_sent_where_the_beginning_was_not(channel, happen):
    event = happen("long ago", at=NOW - timedelta(days=40))
    AlertEvent.objects.filter(pk=event.pk).update(written_at=NOW)
    assert due(channel) == []
    happen("over", type_="resolved", alert=event.alert)
    assert due(channel) == []


def test_events_before_the_channel_are_not_sent(channel, happen):
    happen("before")
    channel.since = NOW + timedelta(seconds=1)
    assert due(channel) == []


def test_an_event_committed_after_a_later_one_is_still_sent(channel, happen):
    """Two transactions may commit in the other order than their keys."""
    first, second = happen("first"), happen("second")
    Notice.objects.create(
        channel=channel,
        event=second,
        wanted=True,
        message=Message.objects.create(channel=channel, subject="s", text="t"),
    )
    assert first.pk < second.pk
    assert due(channel) == ["first"]


def test_events_within_minutes_are_grouped(channel, happen):
    channel.group_minutes = 5
    happen("one")
    assert due(channel) == []
    happen("two", at=NOW + timedelta(minutes=4))
    assert due(channel, NOW + timedelta(minutes=4)) == []
    assert due(channel, NOW + timedelta(minutes=5)) == ["one", "two"]


def test_a_critical_event_does_not_wait_and_takes_the_others_along(channel, happen):
    channel.group_minutes = 60
    happen("small")
    happen("large", "critical")
    assert due(channel) == ["small", "large"]


@pytest.mark.parametrize(
    ("begin", "end", "zone", "hour", "quiet"),
    [
        (time(22), time(7), "UTC", 23, True),
        (time(22), time(7), "UTC", 6, True),
        (time(22), time(7), "UTC", 7, False),
        (time(9), time(17), "UTC", 9, True),
        (time(9), time(17), "UTC", 17, False),
        # 21:30 UTC is 22:30 in Berlin in winter.
        (time(22), time(7), "Europe/Berlin", 21, True),
        (time(22), time(7), "Europe/Berlin", 6, False),
        (None, None, "UTC", 3, False),
    ],
)
def test_quiet_hours_are_those_of_the_channels_zone(channel, begin, end, zone, hour, quiet):
    channel.quiet_from, channel.quiet_until, channel.zone = begin, end, zone
    assert routing.is_quiet(channel, datetime(2025, 1, 10, hour, 30, tzinfo=UTC)) is (
        quiet if hour not in (7, 17, 6) or quiet else False
    )


def test_in_quiet_hours_only_critical_events_are_sent_and_the_rest_afterwards(channel, happen):
    channel.quiet_from, channel.quiet_until = time(11), time(13)
    happen("small")
    assert due(channel) == []
    happen("large", "critical")
    assert due(channel) == ["large"]
    channel.critical_immediately = False
    assert due(channel) == []
    assert due(channel, NOW + timedelta(hours=1)) == ["small", "large"]

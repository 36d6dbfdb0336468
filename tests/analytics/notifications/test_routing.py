"""Who is told what, and when."""

from datetime import UTC, datetime, time, timedelta

import pytest

from analytics.models import AlertEvent, Message, Notice
from analytics.notifications import routing
from tests.analytics.notifications.conftest import NOW
from tests.trading.story import make_bot

pytestmark = pytest.mark.django_db


def told(channel, now=NOW):
    routing.notice(channel, now)
    return [one.event.sentence for one in routing.due(channel, now)]


def test_a_channel_tells_what_is_grave_enough(channel, happen):
    happen("mild", "info")
    happen("grave", "critical")
    assert told(channel) == ["grave"]
    assert Notice.objects.filter(wanted=False).count() == 1


def test_a_channel_of_one_bot_tells_of_no_other_but_of_the_server(channel, happen, bot):
    other = make_bot("Other")
    channel.bots.add(bot)
    happen("mine")
    happen("theirs", bot=other)
    happen("disk", bot=None)
    assert told(channel) == ["mine", "disk"]


@pytest.mark.parametrize(
    ("tell_end", "expected"), [(True, ["opened", "ended", "resolved"]), (False, ["opened"])]
)
def test_the_end_is_told_where_it_is_wanted(channel, happen, tell_end, expected):
    channel.tell_end = tell_end
    alert = happen("opened").alert
    for type_ in ("acknowledged", "snoozed", "ended", "resolved"):
        happen(type_, type_=type_, alert=alert)
    assert told(channel) == expected


def test_what_a_replayed_past_finds_is_not_told(channel, happen):
    event = happen("long ago", at=NOW - timedelta(days=40))
    AlertEvent.objects.filter(pk=event.pk).update(written_at=NOW)
    assert told(channel) == []


def test_the_end_of_what_nobody_was_told_of_is_not_told(channel, happen):
    event = happen("long ago", at=NOW - timedelta(days=40))
    AlertEvent.objects.filter(pk=event.pk).update(written_at=NOW)
    assert told(channel) == []
    happen("over", type_="resolved", alert=event.alert)
    assert told(channel) == []


def test_what_was_there_before_the_channel_is_not_told(channel, happen):
    happen("before")
    channel.since = NOW + timedelta(seconds=1)
    assert told(channel) == []


def test_an_event_that_is_seen_after_a_later_one_is_still_told(channel, happen):
    """Two transactions may commit in the other order than their keys."""
    first, second = happen("first"), happen("second")
    Notice.objects.create(
        channel=channel,
        event=second,
        wanted=True,
        message=Message.objects.create(channel=channel, subject="s", text="t"),
    )
    assert first.pk < second.pk
    assert told(channel) == ["first"]


def test_what_happens_within_minutes_waits_for_each_other(channel, happen):
    channel.gather_minutes = 5
    happen("one")
    assert told(channel) == []
    happen("two", at=NOW + timedelta(minutes=4))
    assert told(channel, NOW + timedelta(minutes=4)) == []
    assert told(channel, NOW + timedelta(minutes=5)) == ["one", "two"]


def test_what_is_critical_does_not_wait_and_takes_the_others_along(channel, happen):
    channel.gather_minutes = 60
    happen("small")
    happen("large", "critical")
    assert told(channel) == ["small", "large"]


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


def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_afterwards(channel, happen):
    channel.quiet_from, channel.quiet_until = time(11), time(13)
    happen("small")
    assert told(channel) == []
    happen("large", "critical")
    assert told(channel) == ["large"]
    channel.critical_at_once = False
    assert told(channel) == []
    assert told(channel, NOW + timedelta(hours=1)) == ["small", "large"]

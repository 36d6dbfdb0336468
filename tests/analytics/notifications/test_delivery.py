"""From an event to a mail that a server took: nothing lost, nothing twice but after a crash."""

from datetime import timedelta

import pytest
import time_machine

from analytics import notifications
from analytics.models import Channel, Message, Notice
from analytics.notifications import delivery, rendering
from tests.analytics.notifications.conftest import NOW

pytestmark = pytest.mark.django_db
HOSTILE = 'a<script>alert(1)</script>\r\nBcc: victim@example.org "{{ x }}" =HYPERLINK("x") @all'


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def run(clock, **later):
    clock.move_to(NOW + timedelta(**later))
    return notifications.deliver(NOW + timedelta(**later))


def test_an_alert_becomes_a_mail_that_a_server_accepts(channel, happen, mailbox, clock):
    event = happen()
    assert run(clock)["delivered"] == 1
    ((recipients, mail),) = mailbox.mails
    assert recipients == ["me@example.org"]
    assert mail["Subject"] == f"[selflearn] Warning: {event.alert.bot}: The win rate fell."
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        assert "The win rate fell." in part
        assert "Look at the newest change." in part
        assert f"https://bot.example.org/admin/analytics/alert/{event.alert.pk}/change/" in part
    assert run(clock, minutes=1)["delivered"] == 0
    assert len(mailbox.mails) == 1


def test_hostile_names_are_inert_in_header_text_and_html(channel, happen, mailbox, clock):
    happen(HOSTILE)
    happen(HOSTILE, type_="escalated")
    run(clock)
    ((_, mail),) = mailbox.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert len(mail["Subject"]) <= rendering.SUBJECT_LENGTH
    html = mail.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "{{ x }}" in mail.get_body(("plain",)).get_content()


def test_many_events_are_one_message_ordered_by_severity(channel, happen, mailbox, clock):
    for number in range(40):
        happen(f"small {number}")
    happen("large", "critical")
    run(clock)
    ((_, mail),) = mailbox.mails
    assert mail["Subject"].startswith("[selflearn] 41 alerts, 1 critical")
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("CRITICAL")
    assert "... and 11 more." in text


def test_a_refused_mail_is_retried_and_delivered_once(channel, happen, mailbox, clock):
    mailbox.answer = "451 busy"
    happen()
    assert run(clock)["retried_later"] == 1
    assert Message.objects.get().error == "the mail server answered 451"
    mailbox.answer = "250 taken"
    assert run(clock, seconds=59)["delivered"] == 0
    assert run(clock, seconds=60)["delivered"] == 1
    assert len(mailbox.mails) == 1


def test_a_message_fails_after_a_day_and_can_be_sent_again(channel, happen, mailbox, clock):
    mailbox.answer = "554 no"
    happen()
    run(clock)
    assert run(clock, hours=25)["failed"] == 1
    message = Message.objects.get()
    assert notifications.send_again(message)
    assert not notifications.send_again(message)
    mailbox.answer = "250 taken"
    assert run(clock, hours=25, minutes=1)["delivered"] == 1


def test_a_server_that_is_away_loses_nothing(channel, happen, mailbox, settings, clock):
    settings.EMAIL_PORT, port = 1, settings.EMAIL_PORT
    happen()
    assert run(clock)["retried_later"] == 1
    settings.EMAIL_PORT = port
    assert run(clock, minutes=5)["delivered"] == 1


def test_a_sender_that_died_leaves_a_message_that_another_sends(
    channel, happen, mailbox, monkeypatch, clock
):
    happen()

    def die(message, once=False):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(delivery, "_send", die)
        with pytest.raises(KeyboardInterrupt):
            run(clock)
    assert run(clock, minutes=9)["delivered"] == 0
    assert run(clock, minutes=10)["delivered"] == 1
    assert Message.objects.get().attempts == 2


def test_a_process_that_dies_before_the_message_exists_leaves_the_event_waiting(
    channel, happen, mailbox, monkeypatch, clock
):
    happen()

    def die(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(rendering, "alerts", die)
        with pytest.raises(KeyboardInterrupt):
            run(clock)
    assert not Message.objects.exists()
    assert run(clock, minutes=1)["delivered"] == 1
    assert Notice.objects.get().message == Message.objects.get()


def test_two_processes_do_not_send_one_message_twice(channel, happen, mailbox, clock):
    happen()
    notifications.deliver(NOW)
    message = Message.objects.get()
    Message.objects.update(state="waiting")
    stale = Message.objects.get()
    assert delivery._claim(NOW).pk == message.pk
    assert not Message.objects.filter(
        pk=stale.pk, state=stale.state, claimed_at=stale.claimed_at
    ).update(state="sending")
    assert delivery._claim(NOW) is None


def test_a_disabled_channel_is_silent(channel, happen, mailbox, clock):
    Channel.objects.update(enabled=False)
    happen()
    assert run(clock)["events"] == 0
    assert not mailbox.mails


def test_without_a_mail_server_nothing_counts_as_delivered(channel, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    failed = notifications.send_test(channel)
    assert (failed.state, failed.error) == ("failed", "no mail server is configured (EMAIL_URL)")


def test_a_test_message_says_at_once_whether_it_was_delivered(channel, mailbox):
    assert notifications.send_test(channel).state == "sent"
    mailbox.answer = "554 no"
    failed = notifications.send_test(channel)
    assert (failed.state, failed.error) == ("failed", "the mail server answered 554")

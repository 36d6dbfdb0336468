"""Push services over real connections, and where they may not connect to."""

import logging
from datetime import timedelta

import pytest
import time_machine

from analytics import notifications
from analytics.models import Channel, Message
from analytics.notifications import env_channels, outgoing
from analytics.notifications.channels import email, push
from tests.analytics.notifications.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def pushed(channel, hook, settings):
    settings.NOTIFY_HOSTS = ["127.0.0.1"]
    channel.kind, channel.address = "push", f"json://127.0.0.1:{hook.port}/secret-path"
    channel.save()
    return channel


def test_an_alert_reaches_a_webhook(pushed, happen, hook):
    happen("A tag @everyone <!channel>")
    with time_machine.travel(NOW, tick=False):
        assert notifications.deliver(NOW)["delivered"] == 1
    (body,) = hook.bodies
    assert "A tag @\u200beveryone <\u200b!channel>" in body["message"]
    assert body["title"].startswith("[selflearn] Warning")
    assert body["type"] == "warning"


def test_a_webhook_that_fails_says_so_without_its_address(pushed, hook, caplog):
    hook.status = 500
    with caplog.at_level(logging.DEBUG):
        message = notifications.send_test(pushed)
    assert message.state == Message.State.FAILED
    assert "500" in message.error
    assert "secret" not in message.error + caplog.text


def test_a_service_may_not_reach_this_machine(pushed, hook, settings, caplog):
    settings.NOTIFY_HOSTS = []
    with caplog.at_level(logging.DEBUG):
        message = notifications.send_test(pushed)
    assert message.state == Message.State.FAILED
    assert "allow it with NOTIFY_HOSTS=127.0.0.1" in message.error
    assert not hook.bodies
    assert "secret" not in message.error + caplog.text


@pytest.mark.parametrize(
    "host", ["localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "[::1]", "0"]
)
def test_no_way_of_writing_this_machine_gets_past(pushed, hook, settings, host):
    settings.NOTIFY_HOSTS = []
    message = Message(channel=pushed, subject="s", text="t")
    with pytest.raises(push.NotDelivered):
        push.send(message, f"json://{host}:{hook.port}/")
    assert not hook.bodies


def test_a_redirect_may_not_lead_to_where_the_address_may_not(pushed, hook, settings):
    """The first stop is allowed, the next one is not."""
    hook.status, hook.location = 307, f"http://127.0.0.2:{hook.port}/inner"
    assert notifications.send_test(pushed).state == Message.State.FAILED
    assert len(hook.bodies) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:c0a8:101::",
        "fec0::1",
        "2001::1",
    ],
)
def test_what_is_not_on_the_internet_is_known(address):
    assert not outgoing.is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_what_is_on_the_internet_is_known(address):
    assert outgoing.is_public(address)


def test_outside_the_guard_connections_are_as_ever(hook):
    import urllib3

    refused = pytest.raises(urllib3.exceptions.MaxRetryError, match="not on the internet")
    with outgoing.only_public(), refused:
        urllib3.PoolManager(retries=0).request("POST", f"http://127.0.0.1:{hook.port}/")
    answer = urllib3.PoolManager().request("POST", f"http://127.0.0.1:{hook.port}/", json={})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("", "one address"),
        ("json://a json://b", "one address"),
        ("https://x.org", "json://"),
        ("file:///etc/passwd", "must begin"),
        ("syslog://", "must begin"),
        ("exec://x", "must begin"),
        ("mailto://a:b@c", "kind E-mail"),
        ("tgram://bad", "Telegram"),
    ],
)
def test_an_address_that_cannot_work_is_refused_when_it_is_given(address, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        push.check(address)
    assert "passwd" not in str(refused.value)


@pytest.mark.parametrize("address", ["", "me", "a@b.org, me", "a@b.org\n" * 21])
def test_recipients_that_are_none_are_refused(address):
    with pytest.raises(ValueError, match="address"):
        email.check(address)


def test_recipients_may_stand_in_one_line_or_several():
    assert email.check("a@b.org, c@d.org\ne@f.org") == "a@b.org\nc@d.org\ne@f.org"


def test_the_environment_names_channels_whose_addresses_are_not_stored(bot, settings, mailbox):
    settings.NOTIFY_URLS = ["mailto:me@example.org", "tgram://123:abc/456"]
    env_channels.sync()
    env_channels.sync()
    mail, telegram = Channel.objects.order_by("kind")
    assert (mail.kind, telegram.kind) == ("email", "push")
    assert {mail.address, telegram.address} == {""}
    assert "abc" not in telegram.name
    assert notifications.send_test(mail).state == "sent"
    settings.NOTIFY_URLS = settings.NOTIFY_URLS[:1]
    env_channels.sync()
    assert Channel.objects.get() == mail


def test_long_messages_are_cut_and_not_refused(pushed, happen, hook):
    for number in range(40):
        happen(f"{number} " + "x" * 400)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert notifications.deliver(NOW)["delivered"] == 1
    assert len(hook.bodies[0]["message"]) <= push.LENGTH + 10

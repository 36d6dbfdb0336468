"""Channels in the admin: created, tested, and their secrets kept."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from analytics.models import Channel, Message, Notice, WorkerBeat
from trading import clock

LIST = "/admin/analytics/channel/"
FORM = {
    "name": "Phone",
    "kind": "push",
    "address": "tgram://123456789:abcdefghij/42",
    "enabled": "on",
    "minimum_severity": "warning",
    "notify_on_resolve": "on",
    "group_minutes": "2",
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "zone": "Europe/Berlin",
    "reports": "daily",
    "report_hour": "7",
    "critical_immediately": "on",
}

pytestmark = pytest.mark.django_db


def page(channel: Channel) -> str:
    return reverse("admin:analytics_channel_change", args=[channel.pk])


def test_a_channel_is_created_and_its_secret_is_never_shown_again(admin_client):
    assert admin_client.post(f"{LIST}add/", FORM).status_code == 302
    made = Channel.objects.get()
    assert (made.address, made.zone) == (FORM["address"], "Europe/Berlin")
    for address in (LIST, page(made)):
        shown = admin_client.get(address).content.decode()
        assert "abcdefghij" not in shown
        assert "tgram://…" in shown or "holds a secret" in shown


def test_an_address_left_empty_is_kept(admin_client):
    admin_client.post(f"{LIST}add/", FORM)
    made = Channel.objects.get()
    answer = admin_client.post(page(made), FORM | {"address": "", "name": "Mobile"})
    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.name, made.address) == ("Mobile", FORM["address"])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"address": ""}, "Enter one address"),
        ({"address": "file:///tmp/x"}, "must begin with one of"),
        ({"kind": "email", "address": "nobody"}, "nobody is not an e-mail address."),
        ({"zone": "Mars/Olympus"}, "Unknown time zone"),
        ({"quiet_until": ""}, "Enter both ends"),
    ],
)
def test_invalid_values_are_reported_at_their_field(admin_client, changes, complaint):
    answer = admin_client.post(f"{LIST}add/", FORM | changes)
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert not Channel.objects.exists()


def test_the_test_button_says_whether_the_message_was_delivered(admin_client, channel, mailbox):
    test = reverse("admin:analytics_channel_test", args=[channel.pk])
    taken = admin_client.post(test, follow=True).content.decode()
    assert "Test message delivered to me@example.org." in taken
    assert "Test of Desk" in taken
    mailbox.answer = "554 no"
    refused = admin_client.post(test, follow=True).content.decode()
    assert "Test message not delivered: the mail server answered 554." in refused
    assert admin_client.get(test).status_code == 405


def test_testing_and_resending_need_the_permission_to_change_channels(client, channel, mailbox):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(
        Permission.objects.filter(codename__in=("view_channel", "view_message"))
    )
    client.force_login(viewer)
    message = Message.objects.create(channel=channel, subject="s", text="t", state="failed")
    assert client.get(page(channel)).status_code == 200
    for name, key in (("channel_test", channel.pk), ("message_again", message.pk)):
        address = reverse(f"admin:analytics_{name}", args=[key])
        assert client.post(address).status_code == 403
    assert not mailbox.mails


def test_a_failed_message_appears_on_the_dashboard_and_is_sent_again(admin_client, channel, happen):
    from analytics import jobs

    jobs.sync()
    now = clock.now()
    WorkerBeat.objects.create(
        owner="a.1", queue="short", host="h", pid=1, started_at=now, beat_at=now, restarts=0
    )
    message = Message.objects.create(
        channel=channel, subject="<b>lost</b>", text="t", state="failed", error="away"
    )
    assert "not delivered" not in admin_client.get("/admin/").content.decode()  # only a test
    Notice.objects.create(channel=channel, event=happen(), wanted=True, message=message)
    shown = admin_client.get(reverse("admin:analytics_message_change", args=[message.pk]))
    assert "&lt;b&gt;lost&lt;/b&gt;" in shown.content.decode()
    assert "1 message was not delivered" in admin_client.get("/admin/").content.decode()
    again = reverse("admin:analytics_message_again", args=[message.pk])
    said = admin_client.post(again, follow=True).content.decode()
    assert "The message is sent again within a minute." in said
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("waiting", 0)


def test_a_channel_of_the_environment_shows_no_address_to_change(admin_client, settings, bot):
    from analytics.notifications import env_channels

    settings.NOTIFY_URLS = ["tgram://123456789:abcdefghij/42"]
    env_channels.sync()
    shown = admin_client.get(page(Channel.objects.get())).content.decode()
    assert "abcdefghij" not in shown
    assert 'name="address"' not in shown

"""What the environment says about channels is looked at when the server starts."""

from __future__ import annotations

import pytest

from analytics.notifications import checks


def said(settings, urls=(), hosts=()):
    settings.NOTIFY_URLS, settings.NOTIFY_HOSTS = list(urls), list(hosts)
    return checks.notify_check(None)


def test_nothing_named_is_nothing_wrong(settings):
    assert said(settings) == []


def test_addresses_that_can_be_sent_to_pass(settings):
    urls = ["ntfy://alerts", "mailto:mara@example.org", "json://hooks.example.org/1"]
    assert said(settings, urls, ["ntfy.lan", "127.0.0.1", "[::1]"]) == []


@pytest.mark.parametrize(
    "address", ["https://example.org/secret7", "tgram://secret7", "mailto:secret7", "secret7"]
)
def test_an_address_that_cannot_be_sent_to_is_an_error_that_does_not_repeat_it(settings, address):
    (error,) = said(settings, ["ntfy://alerts", address])
    assert error.id == "analytics.E001"
    assert "address 2 of 2" in error.msg
    assert "secret7" not in str(error)


def test_a_host_is_named_without_a_scheme(settings):
    (error,) = said(settings, hosts=["http://ntfy.lan/"])
    assert error.id == "analytics.E002"
    assert "http://ntfy.lan/" in error.msg


def test_every_channel_type_declares_what_the_form_and_the_environment_need():
    from analytics.notifications.channels import REGISTRY, from_url

    for key, channel_type in REGISTRY.items():
        assert channel_type.key == key and len(key) <= 20
        assert channel_type.label and channel_type.help.endswith(".")
        with pytest.raises(ValueError):
            channel_type.check("")
    assert from_url("mailto:a@example.org")[0].key == "email"
    assert from_url("ntfy://alerts") == (REGISTRY["push"], "ntfy://alerts")

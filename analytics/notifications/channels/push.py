"""Chat services, push services and webhooks, through apprise.

Only HTTP services are offered: ``analytics.notifications.outgoing`` checks their connections. Other
kinds of apprise addresses start programs or write files.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings

from analytics.models import Message
from analytics.notifications import outgoing

from .base import ChannelType, NotDelivered

SERVICES = {
    "tgram": "Telegram",
    "discord": "Discord",
    "slack": "Slack",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "json": "Webhook",
    "jsons": "Webhook",
    "form": "Webhook (form)",
    "forms": "Webhook (form)",
    "gotify": "Gotify",
    "gotifys": "Gotify",
    "pover": "Pushover",
    "pbul": "Pushbullet",
    "matrix": "Matrix",
    "matrixs": "Matrix",
    "mmost": "Mattermost",
    "mmosts": "Mattermost",
    "rocket": "Rocket.Chat",
    "rockets": "Rocket.Chat",
    "zulip": "Zulip",
    "gchat": "Google Chat",
    "workflow": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "nctalk": "Nextcloud Talk",
    "nctalks": "Nextcloud Talk",
    "signal": "Signal",
    "signals": "Signal",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
}
LENGTH = 3_500  # characters that every service accepts in one message


def check(address: str) -> str:
    """The address without blanks. Raises ValueError with a text that does not repeat it."""
    words = address.split()
    if len(words) != 1:
        raise ValueError("Enter one address; add a channel for each.")
    scheme = words[0].partition("://")[0].lower()
    if scheme in ("http", "https"):
        raise ValueError("For a webhook, write json:// (or jsons:// for https) instead.")
    if scheme.startswith("mail"):
        raise ValueError("For e-mail, choose the kind E-mail and enter the address only.")
    if scheme not in SERVICES:
        known = ", ".join(sorted({f"{name}://" for name in SERVICES}))
        raise ValueError(f"The address must begin with one of {known}")
    if _service(words[0]) is None:
        raise ValueError(
            f"This address of {SERVICES[scheme]} is incomplete; see docs/notifications.md."
        )
    return words[0]


def shown(address: str) -> str:
    """The service only: the rest of the address is secret."""
    scheme = address.partition("://")[0].lower()
    return f"{SERVICES.get(scheme, scheme)} ({scheme}://…)"


def send(message: Message, address: str) -> None:
    """Raises NotDelivered."""
    service = _service(address)
    if service is None:
        raise NotDelivered("the address is no longer valid")
    text = inert(f"{message.text}")
    if len(text) > LENGTH:
        text = f"{text[:LENGTH].rstrip()}\n…"
    with outgoing.only_public(settings.NOTIFY_HOSTS) as refused, _Warnings() as warnings:
        try:
            # In this thread: apprise's own dispatcher may use threads that are not guarded.
            accepted = service.notify(
                title=inert(message.subject),
                body=text,
                body_format="text",
                notify_type=_notify_type(message),
            )
        except Exception as error:
            # Third-party code: any exception means that the message was not delivered.
            raise NotDelivered(f"{type(error).__name__} in {shown(address)}") from error
    if refused and not accepted:
        raise NotDelivered(
            f"{refused[0]} is this machine or its private network, where channels may not go; "
            f"allow it with NOTIFY_HOSTS={refused[0]}"
        )
    if not accepted:
        raise NotDelivered(warnings.last() or f"{shown(address)} rejected the message")


def _notify_type(message: Message) -> str:
    """Apprise's name for the highest severity of a message's events."""
    severities = set(message.notices.values_list("event__severity", flat=True))
    names = {"critical": "failure", "warning": "warning"}
    return next((name for severity, name in names.items() if severity in severities), "info")


def inert(text: str) -> str:
    """The text without mentions: a name or tag sent by a bot must not notify a whole room."""
    return text.replace("@", "@\u200b").replace("<!", "<\u200b!")


def _service(address: str) -> Any:
    from apprise import Apprise

    return Apprise.instantiate(address, suppress_exceptions=True)


class _Warnings(logging.Handler):
    """Collects apprise's warnings, which say why a service failed; they do not reach our log,
    because they may contain the address."""

    _logger = logging.getLogger("apprise")

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record.getMessage())

    def last(self) -> str:
        return self._records[-1][:200].rstrip(".") if self._records else ""

    def __enter__(self) -> _Warnings:
        self._logger.addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        self._logger.removeHandler(self)


CHANNEL = ChannelType(
    key="push",
    label="Telegram, Discord, Slack, ntfy, webhook ...",
    help="Others: one address of the service, for example tgram://TOKEN/CHAT for Telegram, "
    "discord://ID/TOKEN, slack://A/B/C, ntfys://ntfy.sh/TOPIC, jsons://host/path for a webhook. "
    "docs/notifications.md lists them.",
    check=check,
    send=send,
    shown=shown,
)

"""Chats, telephones and webhooks, through apprise.

Only services that are spoken to over HTTP are offered: their connections are checked where they
are made (``analytics.notifications.outgoing``). Other kinds of apprise's addresses start programs
or write files.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings

from analytics.models import Message
from analytics.notifications import outgoing

from .base import NotDelivered

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
LENGTH = 3_500  # characters that all of them take in one message


def check(address: str) -> str:
    """The address as it is used. Raises ValueError with a sentence that does not repeat it."""
    words = address.split()
    if len(words) != 1:
        raise ValueError("Give one address; make a channel for each.")
    scheme = words[0].partition("://")[0].lower()
    if scheme in ("http", "https"):
        raise ValueError("Write json:// (or jsons:// for https) in its place for a webhook.")
    if scheme.startswith("mail"):
        raise ValueError("For mails choose the kind E-mail, and give the address alone.")
    if scheme not in SERVICES:
        known = ", ".join(sorted({f"{name}://" for name in SERVICES}))
        raise ValueError(f"The address must begin with one of {known}")
    if _service(words[0]) is None:
        raise ValueError(
            f"This is no complete address of {SERVICES[scheme]}; see its page in the help."
        )
    return words[0]


def shown(address: str) -> str:
    """Which service it is, and no more: the rest is a secret."""
    scheme = address.partition("://")[0].lower()
    return f"{SERVICES.get(scheme, scheme)} ({scheme}://…)"


def send(message: Message, address: str) -> None:
    """Raises NotDelivered."""
    service = _service(address)
    if service is None:
        raise NotDelivered("the address is no longer understood")
    text = inert(f"{message.text}")
    if len(text) > LENGTH:
        text = f"{text[:LENGTH].rstrip()}\n…"
    with outgoing.only_public(settings.NOTIFY_HOSTS) as refused, _Heard() as heard:
        try:
            # In this thread: apprise's own dispatcher may use others, which are not guarded.
            done = service.notify(
                title=inert(message.subject),
                body=text,
                body_format="text",
                notify_type=_gravity(message),
            )
        except Exception as error:
            # A plug-in of somebody else's: whatever it raises is a message not delivered.
            raise NotDelivered(f"{type(error).__name__} in {shown(address)}") from error
    if refused and not done:
        raise NotDelivered(
            f"{refused[0]} is this machine or inside its network, where channels may not go; "
            f"NOTIFY_HOSTS={refused[0]} lets them"
        )
    if not done:
        raise NotDelivered(heard.why() or f"{shown(address)} did not take it")


def _gravity(message: Message) -> str:
    """What apprise calls the severity of the gravest thing that a message tells."""
    told = set(message.notices.values_list("event__severity", flat=True)) if message.pk else set()
    names = {"critical": "failure", "warning": "warning"}
    return next((name for severity, name in names.items() if severity in told), "info")


def inert(text: str) -> str:
    """Let no name or tag that came from a bot call everybody in a room."""
    return text.replace("@", "@\u200b").replace("<!", "<\u200b!")


def _service(address: str) -> Any:
    from apprise import Apprise

    return Apprise.instantiate(address, suppress_exceptions=True)


class _Heard(logging.Handler):
    """Why a service failed, as apprise's warnings tell it; what lies deeper may hold the address,
    so nothing of it reaches our log."""

    _logger = logging.getLogger("apprise")

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record.getMessage())

    def why(self) -> str:
        return self._records[-1][:200].rstrip(".") if self._records else ""

    def __enter__(self) -> _Heard:
        self._logger.addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        self._logger.removeHandler(self)

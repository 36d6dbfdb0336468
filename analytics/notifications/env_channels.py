"""Channels that the environment names (NOTIFY_URLS): their addresses are never stored."""

from __future__ import annotations

import hashlib

from django.conf import settings

from analytics.models import Channel
from analytics.notifications.channels import push
from analytics.notifications.checks import MAIL


def sync() -> None:
    """Make a channel for every address of NOTIFY_URLS, and take away those of others."""
    marks = {_mark(url): url for url in settings.NOTIFY_URLS}
    Channel.objects.exclude(environment="").exclude(environment__in=marks).delete()
    known = set(Channel.objects.exclude(environment="").values_list("environment", flat=True))
    for mark, url in marks.items():
        if mark not in known:
            mail = url.startswith(MAIL)
            service = "mail" if mail else push.shown(url)
            Channel.objects.get_or_create(
                environment=mark,
                defaults={
                    "name": f"NOTIFY_URLS: {service} {mark[:4]}",
                    "kind": Channel.Kind.EMAIL if mail else Channel.Kind.PUSH,
                },
            )


def address_of(channel: Channel) -> str:
    """Where a channel's messages go."""
    if not channel.environment:
        return channel.address
    found = (url for url in settings.NOTIFY_URLS if _mark(url) == channel.environment)
    return next(found, "").removeprefix(MAIL)


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]

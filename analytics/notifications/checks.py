"""System checks of NOTIFY_URLS and NOTIFY_HOSTS."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")


@register()
def notify_check(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """Every address of NOTIFY_URLS is valid; errors do not repeat it, because it holds a secret."""
    errors: list[CheckMessage] = []
    for place, address in enumerate(settings.NOTIFY_URLS, 1):
        try:
            _check(address)
        except ValueError as error:
            errors.append(
                Error(
                    f"NOTIFY_URLS: address {place} of {len(settings.NOTIFY_URLS)} cannot be used.",
                    hint=str(error),
                    id="analytics.E001",
                )
            )
    for host in settings.NOTIFY_HOSTS:
        if not _HOST.fullmatch(host):
            errors.append(
                Error(
                    f"NOTIFY_HOSTS: {host!r} is not a host name or IP address.",
                    hint="Write the host only, without scheme or path: NOTIFY_HOSTS=ntfy.lan",
                    id="analytics.E002",
                )
            )
    return errors


def _check(url: str) -> None:
    """Raises ValueError that says what is wrong."""
    # Imported only if there is something to check: it slows down every start.
    from analytics.notifications.channels import from_url

    channel_type, address = from_url(url)
    try:
        channel_type.check(address)
    except ValueError:
        if channel_type.secret:
            raise  # its text does not repeat the address
        raise ValueError(f"Write an address such as {channel_type.example}.") from None

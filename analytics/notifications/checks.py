"""System checks of what the environment says about channels."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MAIL = "mailto:"
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")


@register()
def notify_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every address of NOTIFY_URLS is one that can be sent to; what it holds is not repeated."""
    found: list[CheckMessage] = []
    for place, address in enumerate(settings.NOTIFY_URLS, 1):
        try:
            _check(address)
        except ValueError as error:
            found.append(
                Error(
                    f"NOTIFY_URLS: address {place} of {len(settings.NOTIFY_URLS)} cannot be used.",
                    hint=str(error),
                    id="analytics.E001",
                )
            )
    for host in settings.NOTIFY_HOSTS:
        if not _HOST.fullmatch(host):
            found.append(
                Error(
                    f"NOTIFY_HOSTS: {host!r} is not the name or the address of a host.",
                    hint="Write hosts alone, without a scheme or a path: NOTIFY_HOSTS=ntfy.lan",
                    id="analytics.E002",
                )
            )
    return found


def _check(address: str) -> None:
    """Raises ValueError with what is wrong."""
    # Imported only where there is something to check: a start must not wait for it.
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from analytics.notifications.channels import push

    if not address.startswith(MAIL):
        push.check(address)
        return
    try:
        validate_email(address.removeprefix(MAIL))
    except ValidationError as error:
        raise ValueError("Write mailto:name@example.org, one address.") from error

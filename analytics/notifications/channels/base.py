"""What a type of channel declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analytics.models import Message


class NotDelivered(Exception):
    """A message could not be delivered; the text says why and holds no secret."""


@dataclass(frozen=True, slots=True)
class ChannelType:
    """A way to deliver messages; the form of a channel is built from it.

    ``check`` returns the address as it is stored, or raises ValueError with a sentence for users.
    ``send`` raises NotDelivered. ``shown`` returns what pages show of an address. ``secret``: an
    address holds a secret, so it is never shown again, and errors do not repeat it. ``html``: the
    channel takes whole mails; others get short plain text. ``prefix``: how its addresses begin in
    NOTIFY_URLS.
    """

    key: str
    label: str
    help: str
    check: Callable[[str], str]
    send: Callable[[Message, str], None]
    shown: Callable[[str], str]
    prefix: str = ""
    example: str = ""
    secret: bool = True
    html: bool = False

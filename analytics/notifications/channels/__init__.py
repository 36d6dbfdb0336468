"""The registry of channel types: one file each, with one declaration CHANNEL, and one line here."""

from __future__ import annotations

from types import MappingProxyType

from . import email, push
from .base import ChannelType, NotDelivered

_TYPES: tuple[ChannelType, ...] = (
    email.CHANNEL,
    push.CHANNEL,  # last: it takes every address that no other type claims
)
REGISTRY = MappingProxyType({channel_type.key: channel_type for channel_type in _TYPES})


def from_url(url: str) -> tuple[ChannelType, str]:
    """The type and the address of an entry of NOTIFY_URLS."""
    channel_type = next(known for known in _TYPES if url.startswith(known.prefix))
    return channel_type, url.removeprefix(channel_type.prefix)


__all__ = ["REGISTRY", "ChannelType", "NotDelivered", "from_url"]

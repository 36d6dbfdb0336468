"""Restricts outgoing connections to addresses that users enter.

A user's webhook must not reach this server or its private network. The check is made on the IP
address when connecting, so it also covers redirects and host names whose address changes.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
# Special-purpose ranges that ipaddress calls global in some versions of Python, and ranges that
# embed an IPv4 address.
_SPECIAL = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "fec0::/10",
        "ff00::/8",
    )
]
_NAT64, _SIX_TO_FOUR = ip_network("64:ff9b::/96"), ip_network("2002::/16")


class Refused(OSError):
    """The address is not on the public internet."""


_allowed: ContextVar[Collection[str] | None] = ContextVar("allowed", default=None)
_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


def is_public(text: str) -> bool:
    """Whether an IP address, in any notation, is on the public internet."""
    address = _inner(ip_address(text.partition("%")[0]))
    known = address.is_global and not address.is_multicast and not address.is_reserved
    return known and not any(address in network for network in _SPECIAL)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address embeds, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    return address


@contextmanager
def only_public(allowed: Collection[str] = ()) -> Iterator[list[str]]:
    """Inside, this thread's HTTP connections reach only the internet and ``allowed`` hosts.

    Others raise Refused like a failed connection. Yields the list of refused hosts, because a
    service may report only that a connection failed.
    """
    _guard()
    hosts: list[str] = []
    before, seen = _allowed.set(allowed), _refused.set(hosts)
    try:
        yield hosts
    finally:
        _allowed.reset(before)
        _refused.reset(seen)


@cache
def _guard() -> None:
    """Patch urllib3, which every service uses, to connect through the check."""
    from urllib3.util import connection

    unguarded = connection.create_connection

    def connect(address: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
        allowed = _allowed.get()
        host, port = address[0].strip("[]"), address[1]
        if allowed is None or host in allowed:
            return unguarded(address, *arguments, **options)
        # Connect to the address that was checked: a second lookup may return another one.
        failed: OSError | None = None
        for info in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
            ip = str(info[4][0])
            if not (ip in allowed or is_public(ip)):
                if (hosts := _refused.get()) is not None:
                    hosts.append(host)
                raise Refused(f"{host} is {ip}, which is not on the internet")
            try:
                return unguarded((ip, port), *arguments, **options)
            except OSError as error:
                failed = error
        raise failed or OSError(f"{host} has no address")

    connection.create_connection = connect

"""Requests over one kept connection. The token is in the headers, and nowhere else."""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from .errors import Denied, NotFound, Unavailable

PACK_FROM = 1_024  # bytes of a body that is worth compressing
BUSY = frozenset({408, 425, 429})
CONTENT = frozenset({400, 409, 413, 422})
LONGEST_WAIT = 300.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str = ""  # that was asked, for the texts of errors

    def json(self) -> Any:
        try:
            return json.loads(self.body) if self.body else None
        except ValueError as error:
            raise Unavailable(
                f"the answer of {self.address} is not JSON; is there a proxy in between?"
            ) from error


class Transport(Protocol):
    """Carries one request. Raises OSError or http.client.HTTPException where it cannot."""

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Answer: ...

    def close(self) -> None: ...


class Http:
    """HTTP/1.1 or HTTPS on one connection that is kept open between requests."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url must begin with http:// or https:// and name a host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("url must hold no user, password or query")
        bare = url.rstrip("/").removesuffix("/api/v1")
        if bare != url.rstrip("/"):
            raise ValueError(f"url is {url}, but must be the server's bare address: {bare}")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Answer:
        with self._lock:
            reused = self._connection is not None
            try:
                return self._ask(method, path, headers, body, timeout)
            except (http.client.RemoteDisconnected, ConnectionError):
                # A server may close an idle connection at any time; every request of ours may
                # be repeated.
                if not reused:
                    raise
                return self._ask(method, path, headers, body, timeout)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Answer:
        connection = self._connection or self._connect(timeout)
        self._connection = None
        try:
            connection.timeout = timeout
            if connection.sock:
                connection.sock.settimeout(timeout)
            connection.request(method, self._base + path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            received = Answer(answer.status, _lower(answer.getheaders()), answer.read())
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._connection = connection
        return received

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def close(self) -> None:
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None


@dataclass
class Server:
    """The API behind a transport, with the token and the meaning of its status codes."""

    transport: Transport
    token: str = field(repr=False)
    timeout: float
    url: str = ""

    def __post_init__(self) -> None:
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise ValueError("the token must be plain text without spaces, as it was shown")

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        etag: str | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """The answer, where it is about the content: 2xx, 304, 400, 409, 413 or 422.

        Raises Unavailable (try again), NotFound and Denied (somebody must look).
        """
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if etag:
            headers["If-None-Match"] = etag
        if body is not None:
            headers["Content-Type"] = "application/json"
            if len(body) >= PACK_FROM:
                body, headers["Content-Encoding"] = gzip.compress(body, 5), "gzip"
        limit = self.timeout if timeout is None else max(0.05, min(self.timeout, timeout))
        address = f"{self.url.rstrip('/')}/api/v1{path.partition('?')[0]}"
        try:
            answer = self.transport.request(method, "/api/v1" + path, headers, body, limit)
        except (OSError, http.client.HTTPException) as error:
            # Its type and nothing of its text, which may quote a header.
            text = error.strerror if isinstance(error, OSError) and error.strerror else ""
            raise Unavailable(
                f"{self.url} cannot be reached: {type(error).__name__} {text}".strip(),
                timed_out=isinstance(error, TimeoutError),
            ) from None
        answer = replace(answer, address=address)
        _judge(answer, method, urlsplit(self.url).path.strip("/"))
        return answer


def _judge(answer: Answer, method: str, below: str) -> None:
    """``below`` is the path that the url holds, if any: a likely reason of a 404."""
    status = answer.status
    if 200 <= status < 300 or status == 304 or status in CONTENT:
        return
    what = f"{method} {answer.address} was answered {status}"
    if status in BUSY or status >= 500:
        raise Unavailable(what, _retry_after(answer))
    if 300 <= status < 400:
        raise Denied(f"{what}, a redirect: use the address it leads to")
    why = {
        401: ": the token is unknown, expired or revoked",
        403: ": the token may not do this",
        404: f"; url must be the server's bare address: is /{below} right?" if below else "",
    }.get(status, "")
    reply = answer.json() if status == 404 and answer.body[:1] == b"{" else None
    if reply is not None:
        raise NotFound(f"{reply.get('detail', 'nothing there')} ({what}{why})")
    raise Denied(what + why)


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _lower(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}

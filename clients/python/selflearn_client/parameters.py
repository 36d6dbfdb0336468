"""The served parameters, kept on disk so that they are known while the server is away."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from . import checks
from .checks import Checker
from .errors import ClientError, Unavailable
from .outbox import Outbox
from .sender import Backoff
from .transport import Server

log = logging.getLogger("selflearn_client")


@dataclass(frozen=True)
class Parameters:
    """The live parameters of a strategy and what goes with them.

    ``version`` belongs into each trade's ``parameter_set``; None where these are the bot's own
    defaults. ``size`` (0-1) is the share of the normal position size that the evidence allows.
    ``fresh`` says whether the server confirmed them lately and they have not run out since.
    """

    strategy: str
    version: int | None
    values: Mapping[str, Any]
    size: float = 1.0
    status: str = "unknown"
    experiment: str | None = None
    arm: str | None = None
    valid_until: datetime | None = None
    fresh: bool = False


@dataclass
class _Kept:
    served: dict[str, Any]
    etag: str
    # Of the monotonic clock; None where the answer is of an earlier process.
    confirmed: float | None


def parameters_from(served: Mapping[str, Any], fresh: bool) -> Parameters:
    until = served.get("valid_until")
    return Parameters(
        strategy=served["strategy"],
        version=served["version"],
        values=MappingProxyType(dict(served["values"])),
        size=float(served["size"]),
        status=served["status"],
        experiment=served["experiment"],
        arm=served["arm"],
        valid_until=datetime.fromisoformat(until) if until else None,
        fresh=fresh,
    )


class Cache:
    """Answers from what is kept; asks where that is older than ``refresh`` seconds."""

    def __init__(self, outbox: Outbox, server: Server, refresh: float, background: bool) -> None:
        self._outbox, self._server = outbox, server
        self._refresh, self._background = refresh, background
        # Of a server that is away; what it refuses is a matter of one strategy alone.
        self._backoff = Backoff()
        self._refused: dict[str, float] = {}
        self._lock = threading.RLock()
        self._kept = {
            name.removeprefix("parameters/"): _Kept(**json.loads(body), confirmed=None)
            for name, body in outbox.kept().items()
            if name.startswith("parameters/")
        }

    def get(self, strategy: str, default: Mapping[str, Any] | None) -> Parameters:
        """Asks the server itself only where nothing is kept or no thread does it. Raises
        ClientError where nothing is known and no default was given."""
        check = Checker()
        check.matches("strategy", strategy, checks.STRATEGY)
        check.settle()
        kept = self._kept.get(strategy)
        # Without values to go on with the bot wants the truth of now, refused a moment ago or not.
        patient = kept is not None or default is not None
        wanted = kept is None or (self._due(kept) and not self._background)
        if wanted and not (patient and self._refused_lately(strategy)):
            try:
                self._ask(strategy)
            except ClientError:
                if strategy not in self._kept and default is None:
                    raise
        kept = self._kept.get(strategy)
        if kept is None:
            return Parameters(strategy, None, MappingProxyType(dict(default or {})))
        return self._shown(kept)

    def _shown(self, kept: _Kept) -> Parameters:
        parameters = parameters_from(kept.served, fresh=False)
        lately = kept.confirmed is not None and (
            time.monotonic() - kept.confirmed < 3 * self._refresh
        )
        expired = parameters.valid_until is not None and datetime.now(UTC) >= parameters.valid_until
        return replace(parameters, fresh=lately and not expired)

    def renew(self) -> None:
        """Ask again for what is due; for the thread."""
        for strategy, kept in list(self._kept.items()):
            if self._backoff.left():
                return
            if self._due(kept) and not self._refused_lately(strategy):
                with suppress(ClientError):
                    self._ask(strategy)

    def store(self, served: dict[str, Any], etag: str) -> None:
        strategy = served["strategy"]
        with self._lock:
            self._kept[strategy] = _Kept(served, etag, time.monotonic())
            self._outbox.keep(
                f"parameters/{strategy}", checks.encode({"served": served, "etag": etag})
            )

    def _due(self, kept: _Kept) -> bool:
        if kept.confirmed is None or time.monotonic() - kept.confirmed >= self._refresh:
            return True
        until = kept.served.get("valid_until")
        return until is not None and datetime.now(UTC) >= datetime.fromisoformat(until)

    def _refused_lately(self, strategy: str) -> bool:
        at = self._refused.get(strategy)
        return at is not None and time.monotonic() - at < self._refresh

    def _ask(self, strategy: str) -> None:
        if wait := self._backoff.left():
            raise Unavailable(f"{self._server.url} was away or busy; asked again in {wait:.0f} s")
        kept = self._kept.get(strategy)
        try:
            answer = self._server.ask(
                "GET", f"/parameters/{quote(strategy)}/", etag=kept.etag if kept else None
            )
            served: Any = None if answer.status == 304 else answer.json()
            if answer.status >= 400:
                raise ClientError(f"{answer.address} was answered {answer.status}: {served}")
        except Unavailable as error:
            self._backoff.failed(error)
            raise
        except ClientError as error:
            self._backoff.worked()
            if strategy not in self._refused:
                log.error("no parameters of %s: %s", strategy, error)
            self._refused[strategy] = time.monotonic()
            raise
        self._backoff.worked()
        self._refused.pop(strategy, None)
        if answer.status == 304 and kept:
            kept.confirmed = time.monotonic()
        elif answer.status == 200:
            # An alias is answered under the strategy's key: kept under the name that was asked.
            self.store({**served, "strategy": strategy}, answer.headers.get("etag", ""))

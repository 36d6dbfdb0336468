"""DRF's authentication by bearer token; a token is cached for seconds, to cost no query."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from trading import clock
from trading.bots import tokens
from trading.models import Bot, BotToken

CACHE_SECONDS = 4.0  # a revoked token must be refused everywhere within 5
_MAX_CACHED = 10_000
_cache: dict[str, tuple[float, BotToken]] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Caller:
    """DRF's ``request.user``: the bot that a token belongs to. Never a person."""

    bot: Bot
    # Django's middleware takes whoever is authenticated for a user of the admin.
    is_authenticated: bool = False

    @property
    def pk(self) -> int:
        return self.bot.pk


class BearerToken(BaseAuthentication):
    """``Authorization: Bearer <token>``; 401 for one that is unknown, expired or revoked."""

    def authenticate(self, request: Request) -> tuple[Caller, BotToken] | None:
        kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer" or not secret.strip():
            raise AuthenticationFailed("Send the header: Authorization: Bearer <token>")
        token = _find(secret.strip())
        if token is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        return Caller(token.bot), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _find(secret: str) -> BotToken | None:
    if len(secret) > tokens.LONGEST or not secret.isascii():
        return None
    key = tokens.digest(secret)
    now = time.monotonic()
    cached = _cache.get(key)
    if cached and now < cached[0] and tokens.usable(cached[1], clock.now()):
        return cached[1]
    token = tokens.verify(secret)
    with _lock:
        if token is None:
            _cache.pop(key, None)
            return None
        if len(_cache) >= _MAX_CACHED:
            _cache.clear()
        _cache[key] = (now + CACHE_SECONDS, token)
    return token


def forget() -> None:
    """Empty the cache of tokens, as tests must between databases."""
    with _lock:
        _cache.clear()


def author(request: Request) -> str:
    """The name of the caller in the history of what it changes."""
    token: Any = request.auth
    return f"token {token.prefix}"

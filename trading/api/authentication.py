"""Bearer tokens, remembered for a few seconds so that a busy bot costs no query a request."""

from __future__ import annotations

import shlex
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.throttling import SimpleRateThrottle

from trading import clock
from trading.bots import tokens
from trading.models import Bot, BotToken

REMEMBERED = 4.0  # seconds; a revoked token is refused everywhere within 5
_MOST = 10_000
_cache: dict[str, tuple[float, BotToken]] = {}
_asked: dict[str, deque[float]] = {}  # moments of the last minute
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: DRF's user. There is no person behind a token."""

    bot: Bot
    is_authenticated: bool = True

    @property
    def pk(self) -> int:
        return self.bot.pk


class BearerToken(BaseAuthentication):
    """``Authorization: Bearer <token>``; 401 without one that is usable."""

    def authenticate(self, request):
        kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer" or not secret.strip():
            raise AuthenticationFailed("Send the header: Authorization: Bearer <token>")
        token = _known(secret.strip())
        if token is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        # The middleware that logs the request names its token.
        request._request.token = token
        return Caller(token.bot), token

    def authenticate_header(self, request):
        return "Bearer"


def _known(secret: str) -> BotToken | None:
    if len(secret) > tokens.LONGEST or not secret.isascii():
        return None
    key = tokens.digest(secret)
    now = time.monotonic()
    held = _cache.get(key)
    if held and now < held[0] and tokens.usable(held[1], clock.now()):
        return held[1]
    token = tokens.verify(secret)
    with _lock:
        if token is None:
            _cache.pop(key, None)
            return None
        if len(_cache) >= _MOST:
            _cache.clear()
        _cache[key] = (now + REMEMBERED, token)
    return token


def forget() -> None:
    """Empty the memory, as tests must between databases."""
    with _lock:
        _cache.clear()
        _asked.clear()


class HasScope(BasePermission):
    """Endpoints name the scopes of each method: ``scopes = allow(GET=READ, POST=WRITE)``."""

    def has_permission(self, request, view):
        allowed = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        # A method that the view does not have is answered 405, whoever asks.
        if allowed is None:
            return True
        if request.auth is None:
            return False
        if request.auth.scope in allowed:
            return True
        self.message = _wrong_scope(request.auth, allowed)
        return False


def _wrong_scope(token: BotToken, allowed: frozenset[str]) -> str:
    """What is missing, and how to get it: the scope that may least of those that suffice."""
    least = next(scope for scope in _FROM_LEAST if scope in allowed)
    return (
        f"A token of scope {token.scope} may not do this; it needs scope {least}: python3 "
        f"manage.py create_token {shlex.quote(token.bot.name)} --scope {least}"
    )


class PerToken(SimpleRateThrottle):
    """So many requests a minute per token and process: fairness between bots, not a defence."""

    scope = "token"

    def allow_request(self, request, view):
        """DRF's own keeps all moments of the last minute as one pickle in the cache, which it
        reads and writes with every request."""
        self.key = self.get_cache_key(request, view)
        if self.key is None:
            return True
        self.now = self.timer()
        with _lock:
            if len(_asked) >= _MOST:
                _asked.clear()
            moments = _asked.setdefault(self.key, deque())
            while moments and moments[0] <= self.now - self.duration:
                moments.popleft()
            if len(moments) < self.num_requests:
                moments.append(self.now)
                return True
            # What wait() reads: newest first.
            self.history = list(reversed(moments))
        return self.throttle_failure()

    def get_cache_key(self, request, view):
        if clock.simulated():
            return None
        who = request.auth.pk if request.auth else self.get_ident(request)
        return f"throttle_{who}"


_SCOPE = BotToken.Scope
WRITE = frozenset({_SCOPE.BOT.value, _SCOPE.OPERATE.value})
READ = WRITE | {_SCOPE.READ.value}
OPERATE = frozenset({_SCOPE.OPERATE.value})
_FROM_LEAST = (_SCOPE.READ.value, _SCOPE.BOT.value, _SCOPE.OPERATE.value)


def allow(**scopes: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Who may use which method of an endpoint: ``allow(GET=READ, POST=WRITE)``."""
    return MappingProxyType(scopes)


def token_of(request: Any) -> str:
    """Who asks, as the history names it."""
    return f"token {request.auth.prefix}"

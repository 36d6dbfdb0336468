"""DRF's permission by the scope of a token."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from trading.models import BotToken

if TYPE_CHECKING:  # DRF imports this module while it makes its views
    from rest_framework.views import APIView

_SCOPE = BotToken.Scope
WRITE = frozenset({_SCOPE.BOT.value, _SCOPE.OPERATE.value})
READ = WRITE | {_SCOPE.READ.value}
OPERATE = frozenset({_SCOPE.OPERATE.value})
_FROM_LEAST = (_SCOPE.READ.value, _SCOPE.BOT.value, _SCOPE.OPERATE.value)
Scopes = Mapping[str, frozenset[str]]


def allow(**scopes: frozenset[str]) -> Scopes:
    """The scopes that may use each method of an endpoint: ``allow(GET=READ, POST=WRITE)``."""
    return MappingProxyType(scopes)


class HasScope(BasePermission):
    """The token's scope is one that the endpoint's ``scopes`` name for the method."""

    message: str

    def has_permission(self, request: Request, view: APIView) -> bool:
        scopes: Scopes = getattr(view, "scopes", {})
        allowed = scopes.get("GET" if request.method == "HEAD" else request.method or "")
        # A method that the view does not have is answered 405, whoever asks.
        if allowed is None:
            return True
        token: Any = request.auth
        if token is None:
            return False
        if token.scope in allowed:
            return True
        self.message = _wrong_scope(token, allowed)
        return False


def _wrong_scope(token: BotToken, allowed: frozenset[str]) -> str:
    """Name the least scope that suffices, and the command that makes such a token."""
    least = next(scope for scope in _FROM_LEAST if scope in allowed)
    return (
        f"A token of scope {token.scope} may not do this; it needs scope {least}: python3 "
        f"manage.py create_token {shlex.quote(token.bot.name)} --scope {least}"
    )

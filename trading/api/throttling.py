"""DRF's throttle by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from trading import clock

if TYPE_CHECKING:  # DRF imports this module while it makes its views
    from rest_framework.views import APIView


class TokenRateThrottle(SimpleRateThrottle):
    """Limits requests per minute, token and process; off while time is simulated.

    It keeps bots from crowding each other out; it is no defence against an attack.
    """

    scope = "token"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if clock.simulated():
            return None
        caller = request.auth.pk if request.auth else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": caller}

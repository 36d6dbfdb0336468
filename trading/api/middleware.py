"""One line in the log per API request, with an id that the response carries too."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("trading.api")
PREFIX = "/api/"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class RequestLog:
    """Logs method, path without query, status, time, bot and token prefix; never a body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self._get_response(request)
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        started = time.perf_counter()
        response = self._get_response(request)
        took = (time.perf_counter() - started) * 1000
        token = getattr(request, "auth", None)  # DRF sets it
        who = f"bot={token.bot_id} token={token.prefix}" if token else "bot=- token=-"
        log.log(
            logging.WARNING if response.status_code >= 500 else logging.INFO,
            "%s %s %s %d %.1fms %s",
            *(request_id, request.method, request.path, response.status_code, took, who),
        )
        response["X-Request-Id"] = request_id
        return response

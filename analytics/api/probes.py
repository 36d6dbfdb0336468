"""Monitoring from outside: /healthz, /badge.svg, /metrics."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.middleware.common import CommonMiddleware
from django.views.decorators.http import require_safe

HEALTH = "healthz"
COLOURS = {"ok": "#0b6b3a", "late": "#8a4b00", "down": "#b42318"}
BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="112" height="20" role="img"'
    ' aria-label="selflearn: {word}"><title>selflearn: {word}</title>'
    '<rect width="112" height="20" rx="3" fill="{colour}"/>'
    '<path d="M3 0h65v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>'
    '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif"'
    ' font-size="11"><text x="34" y="14">selflearn</text><text x="90" y="14">{word}</text></g>'
    "</svg>"
)


class Probes:
    """First of all middleware: counts every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Imported here: a command that serves nothing must not wait for it.
        from analytics.monitoring.prometheus import count_request

        self._get_response = get_response
        self._count_request = count_request

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        answer = self._get_response(request)
        self._count_request(answer.status_code, time.perf_counter() - began)
        return answer


class CommonExceptHealth(CommonMiddleware):
    """Django's, but /healthz may be asked by any host name: containers are probed by address."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if request.path_info == f"/{HEALTH}":
            return None
        return super().process_request(request)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 if everything works, 503 if something is late or down."""
    state = _look()
    return _uncached(JsonResponse(state, status=200 if state["status"] == "ok" else 503))


@require_safe
def badge(request: HttpRequest) -> HttpResponse:
    """The same as an image."""
    word = _look()["status"]
    svg = BADGE.format(word=word, colour=COLOURS[word])
    return _uncached(HttpResponse(svg, content_type="image/svg+xml"))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; needs METRICS_TOKEN or a bot's token that may read."""
    if not _may_read(request):
        refusal = HttpResponse("Send the header: Authorization: Bearer <token>\n", status=401)
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    from analytics.monitoring import prometheus

    text = prometheus.text()
    return _uncached(HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8"))


def _may_read(request: HttpRequest) -> bool:
    kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        return False
    secret = secret.strip()
    own = settings.METRICS_TOKEN
    if own and hmac.compare_digest(secret.encode(), own.encode()):
        return True
    from trading.api.permissions import READ
    from trading.bots import tokens

    token = tokens.verify(secret)
    return token is not None and token.scope in READ


def _look() -> dict[str, Any]:
    # Imported when first requested: a start must not wait for it.
    from analytics.monitoring import health

    return health.look()


def _uncached(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    return answer

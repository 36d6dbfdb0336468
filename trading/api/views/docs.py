"""The API's own description: as OpenAPI, and as a page to read and try it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from trading.api.authentication import BearerToken
from trading.models import Bot, ExternalStrategy

MEDIA_TYPE = "application/vnd.oai.openapi+json"


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1; with a bot's token its custom strategies are named too."""
    # Imported when asked for: generating it needs a library that no other request does.
    from trading.api.schema import encoded

    bot = _bot(request)
    custom = ExternalStrategy.objects.filter(bot=bot).order_by("key") if bot else ()
    wants_openapi = "openapi" in request.headers.get("Accept", "")
    response = HttpResponse(
        encoded(tuple(strategy.key for strategy in custom)),
        content_type=MEDIA_TYPE if wants_openapi else "application/json",
    )
    patch_vary_headers(response, ("Accept", "Authorization"))
    return response


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html")


def _bot(request: HttpRequest) -> Bot | None:
    try:
        known = BearerToken().authenticate(Request(request))
    except AuthenticationFailed:
        return None
    return known[0].bot if known else None

"""The API's own description: as OpenAPI, and as a page to read and try it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed

from trading.api.authentication import BearerToken
from trading.models import Bot, ExternalStrategy

MEDIA_TYPE = "application/vnd.oai.openapi+json"


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1; with a bot's token its own strategies are named too."""
    # Generating it needs a library that no other request does.
    from trading.api.schema.document import encoded

    bot, own = _bot(request), ()
    if bot:
        found = ExternalStrategy.objects.filter(bot=bot).order_by("key")
        own = tuple(found.values_list("key", flat=True))
    accepts_any = "openapi" in request.headers.get("Accept", "")
    answer = HttpResponse(
        encoded(own), content_type=MEDIA_TYPE if accepts_any else "application/json"
    )
    patch_vary_headers(answer, ("Accept", "Authorization"))
    return answer


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html")


def _bot(request: HttpRequest) -> Bot | None:
    try:
        known = BearerToken().authenticate(_Plain(request))
    except AuthenticationFailed:
        return None
    return known[0].bot if known else None


class _Plain:
    """A request as the authentication wants it, without the rest of DRF."""

    def __init__(self, request: HttpRequest) -> None:
        self._request, self.META = request, request.META

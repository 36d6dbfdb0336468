"""What all endpoints share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from rest_framework import status
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from trading.api import authentication, encoders
from trading.api.body import read_json, rows
from trading.api.requests import Struct, convert
from trading.models import Bot
from trading.validation.errors import Invalid


class Json(BaseRenderer):
    """Answers, in JSON and nothing else."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else encoders.encode(data)


class Strict(BaseParser):
    """Named for the schema; the body is read by ``body.read_json``, limits first."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        raise ParseError("The body was read already.")


class Asked(Request):
    """DRF's request, without the search for what is the same for all."""

    accepted_renderer, accepted_media_type = Json(), Json.media_type
    _authenticators, _negotiator = (authentication.BearerToken(),), DefaultContentNegotiation()

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, authenticators=self._authenticators, negotiator=self._negotiator)
        # DRF's looks for attributes of Django's request only after it missed them in itself.
        self.META, self.method = request.META, request.method

    def authenticate(self) -> None:
        """Find out who asks, without a look whether that is known already."""
        self._authenticate()


_ACCEPTED = ("*/*", Json.media_type)  # by nearly all bots


class Endpoint(APIView):
    """One address. ``scopes`` names who may use which method, ``described_in`` the module whose
    OPERATIONS describe each of them by the name of the view."""

    described_in = "trading.api.schema.operations"

    authentication_classes = (authentication.BearerToken,)
    permission_classes = (authentication.HasScope,)
    throttle_classes = (authentication.PerToken,)
    renderer_classes = (Json,)
    parser_classes = (Strict,)
    format_kwarg = None
    scopes: Mapping[str, frozenset[str]] = authentication.allow()

    @property
    def bot(self) -> Bot:
        return self.request.user.bot

    def initialize_request(self, request: HttpRequest, *args, **kwargs) -> Asked:
        return Asked(request)

    def initial(self, request: Asked, *args, **kwargs) -> None:
        meta = request.META
        if meta.get("QUERY_STRING") or meta.get("HTTP_ACCEPT", "*/*") not in _ACCEPTED:
            self.perform_content_negotiation(request)
        request.authenticate()
        self.check_permissions(request)
        self.check_throttles(request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {"Allow": _allowed(type(self))}


@cache
def _allowed(view: type[Endpoint]) -> str:
    """The methods of an endpoint; whoever may GET may ask for the head of it."""
    names = view.http_method_names
    return ", ".join(
        name.upper() for name in names if hasattr(view, "get" if name == "head" else name)
    )


def body(request: Request, kind: type[Struct]) -> Struct:
    """The body as a struct. Raises ValidationError keyed by field."""
    found = convert(read_json(request), kind)
    if isinstance(found, dict):
        raise ValidationError(found)
    return found


def batch(
    request: Request, kind: type[Struct], name: Callable[[Any], str]
) -> tuple[dict[int, Struct], list[dict]]:
    """The rows of a body by index, and the refusals of those whose shape is wrong."""
    return shaped(rows(read_json(request)), kind, name)


def shaped(
    found: list[Any], kind: type[Struct], name: Callable[[Any], str]
) -> tuple[dict[int, Struct], list[dict]]:
    try:
        # All at once takes a third of the time, and nearly all are of the right shape.
        return dict(enumerate(msgspec.convert(found, list[kind]))), []
    except (msgspec.ValidationError, UnicodeError, OverflowError):
        pass
    sound, refused = {}, []
    for index, row in enumerate(found):
        struct = convert(row, kind)
        if isinstance(struct, dict):
            refused.append(refusal(index, name(row), struct))
        else:
            sound[index] = struct
    return sound, refused


def refusal(index: int, name: str, errors: dict[str, list[str]]) -> dict[str, Any]:
    return {"index": index, "id": name, "errors": errors}


def named(field: str) -> Callable[[Any], str]:
    """The name of a row that may have any shape at all."""

    def name(row: Any) -> str:
        value = row.get(field) if isinstance(row, dict) else None
        text = str(value)[:64] if isinstance(value, str | int) else ""
        return text.encode("ascii", "backslashreplace").decode()

    return name


def answer(stored: int, updated: int, unchanged: int, rejected: list[dict]) -> HttpResponse:
    """201 all accepted and something new, 200 nothing new, 207 some rejected, 400 all of them."""
    rejected = sorted(rejected, key=lambda row: row["index"])
    accepted = stored + updated + unchanged
    if rejected:
        code = status.HTTP_207_MULTI_STATUS if accepted else status.HTTP_400_BAD_REQUEST
    else:
        code = status.HTTP_201_CREATED if stored or updated else status.HTTP_200_OK
    counts = {"stored": stored, "updated": updated, "unchanged": unchanged, "rejected": rejected}
    # Ready to be sent: DRF's response would be made as a template's, and rendered later.
    return HttpResponse(encoders.encode(counts), content_type=Json.media_type, status=code)


def refuse(error: Invalid) -> ValidationError:
    return ValidationError(error.errors)

"""What all endpoints share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from rest_framework import status
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api import authentication, render
from trading.api.body import read_json, rows
from trading.api.shapes import Struct, convert
from trading.models import Bot
from trading.positions import Invalid


class Json(BaseRenderer):
    """Answers, in JSON and nothing else."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else render.encode(data)


class Strict(BaseParser):
    """Named for the schema; the body is read by ``body.read_json``, limits first."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        raise ParseError("The body was read already.")


class Negotiation(DefaultContentNegotiation):
    def get_accept_list(self, request):
        # DRF's own makes a mapping of all headers first, a fifth of the time of a small answer.
        header = request._request.META.get("HTTP_ACCEPT", "*/*")
        if header in ("*/*", "application/json"):
            return [header]
        return super().get_accept_list(request)


class Endpoint(APIView):
    """One address. ``scopes`` names who may use which method, ``described_in`` the module whose
    OPERATIONS describe each of them by the name of the view."""

    described_in = "trading.api.schema.operations"

    authentication_classes = (authentication.BearerToken,)
    permission_classes = (authentication.HasScope,)
    throttle_classes = (authentication.PerToken,)
    renderer_classes = (Json,)
    parser_classes = (Strict,)
    content_negotiation_class = Negotiation
    scopes: Mapping[str, frozenset[str]] = authentication.allow()

    @property
    def bot(self) -> Bot:
        return self.request.user.bot


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


def answer(stored: int, updated: int, unchanged: int, rejected: list[dict]) -> Response:
    """201 all accepted and something new, 200 nothing new, 207 some rejected, 400 all of them."""
    rejected = sorted(rejected, key=lambda row: row["index"])
    accepted = stored + updated + unchanged
    if rejected:
        code = status.HTTP_207_MULTI_STATUS if accepted else status.HTTP_400_BAD_REQUEST
    else:
        code = status.HTTP_201_CREATED if stored or updated else status.HTTP_200_OK
    counts = {"stored": stored, "updated": updated, "unchanged": unchanged, "rejected": rejected}
    return Response(counts, status=code)


def refuse(error: Invalid) -> ValidationError:
    return ValidationError(error.errors)

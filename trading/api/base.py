"""What all endpoints share: how a request is read and a batch is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from msgspec import Meta
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api.operation import Answer, Error, FieldErrors, Out
from trading.api.parsers import read_json, rows
from trading.api.permissions import Scopes, allow
from trading.api.query_params import Query
from trading.api.requests import Struct, convert
from trading.models import Bot
from trading.validation.errors import Invalid


class Endpoint(APIView):
    """An address of the API. ``scopes`` says which tokens may use which method."""

    scopes: Scopes = allow()

    @property
    def bot(self) -> Bot:
        caller: Any = self.request.user  # an authentication.Caller
        bot: Bot = caller.bot
        return bot

    def query(self) -> Query:
        """The query parameters; one that the method's description does not name is refused."""
        method = getattr(self, (self.request.method or "").lower())
        return Query(self.request, *method.operation.query_names)

    def body(self, kind: type[Struct]) -> Struct:
        """The body as a struct. Raises ValidationError keyed by field."""
        struct = convert(read_json(self.request), kind)
        if isinstance(struct, dict):
            raise ValidationError(struct)
        return struct

    def batch(
        self, kind: type[Struct], name: Callable[[Any], str]
    ) -> tuple[dict[int, Struct], list[Rejected]]:
        """The rows of the body by index, and those that are not of this kind."""
        return convert_rows(rows(read_json(self.request)), kind, name)


class Rejected(Out):
    """A row of a batch that was not stored."""

    index: Annotated[int, Meta(description="The row's place in the request, from 0.")]
    id: str
    errors: FieldErrors


class Counts(Out):
    """The outcome of a batch."""

    stored: int
    updated: int
    unchanged: int
    rejected: list[Rejected]


def batch_answers() -> dict[int, Answer]:
    """The description of ``batch_answer``."""
    example: dict[str, Any] = {"stored": 1, "updated": 0, "unchanged": 0, "rejected": []}
    row = {"index": 1, "id": "t-2", "errors": {"size": ["must be above 0"]}}
    return {
        200: Answer("Nothing new in any row.", Counts, example | {"stored": 0}),
        201: Answer("All rows were accepted, and some are new.", Counts, example),
        207: Answer(
            "Some rows were rejected; all others are stored.", Counts, example | {"rejected": [row]}
        ),
        400: Answer(
            "All rows were rejected, or the request is malformed; nothing was stored.",
            (Counts, Error, FieldErrors),
        ),
    }


def convert_rows(
    batch: list[Any], kind: type[Struct], name: Callable[[Any], str]
) -> tuple[dict[int, Struct], list[Rejected]]:
    """The rows as structs by index, and those that are not of this kind."""
    try:
        # All at once takes a third of the time, and nearly all rows are of the right kind.
        return dict(enumerate(msgspec.convert(batch, list[kind]))), []  # type: ignore[valid-type]  # a type known at run time
    except (msgspec.ValidationError, UnicodeError, OverflowError):
        pass
    structs, rejected = {}, []
    for index, row in enumerate(batch):
        struct = convert(row, kind)
        if isinstance(struct, dict):
            rejected.append(Rejected(index, name(row), struct))
        else:
            structs[index] = struct
    return structs, rejected


def name_from(field: str) -> Callable[[Any], str]:
    """A function that returns the name of a row, which may have any shape."""

    def name(row: Any) -> str:
        value = row.get(field) if isinstance(row, dict) else None
        text = str(value)[:64] if isinstance(value, str | int) else ""
        return text.encode("ascii", "backslashreplace").decode()

    return name


def batch_answer(stored: int, updated: int, unchanged: int, rejected: list[Rejected]) -> Response:
    """201: all accepted, some new. 200: nothing new. 207: some rejected. 400: all rejected."""
    accepted = stored + updated + unchanged
    code: int = status.HTTP_200_OK
    if rejected:
        code = status.HTTP_207_MULTI_STATUS if accepted else status.HTTP_400_BAD_REQUEST
    elif stored or updated:
        code = status.HTTP_201_CREATED
    rejected = sorted(rejected, key=lambda row: row.index)
    return Response(Counts(stored, updated, unchanged, rejected), status=code)


def invalid(error: Invalid) -> ValidationError:
    return ValidationError(error.errors)


def csv_response(lines: Iterable[str], name: str) -> HttpResponse:
    return HttpResponse(
        "".join(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

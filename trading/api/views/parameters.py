from __future__ import annotations

from difflib import get_close_matches

from django.http import HttpResponse, HttpResponseNotModified
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from trading import parameters
from trading.api import encoders
from trading.api.authentication import OPERATE, READ, allow, token_of
from trading.api.base import Endpoint, Json, body
from trading.api.query_params import Query
from trading.api.requests import ParametersIn, RollbackIn
from trading.ingest import heartbeat
from trading.models import Origin
from trading.parameters import history, served
from trading.parameters.errors import Experimenting, Frozen, Refused, Stale
from trading.strategies import UnknownStrategy


def conditional(request, content: bytes, etag: str) -> HttpResponse:
    """The answer, JSON already, or 304 where the bot has it."""
    given = {tag.strip() for tag in request.META.get("HTTP_IF_NONE_MATCH", "").split(",")}
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if given & {etag, f"W/{etag}", "*"}:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(content, content_type=Json.media_type, headers=headers)


class Every(Endpoint):
    """What the bot is told about all its strategies."""

    scopes = allow(GET=READ)

    def get(self, request):
        Query(request)
        heartbeat.seen(self.bot)
        found = served.everything(self.bot)
        content = encoders.encode([encoders.told(one) for one in found])
        return conditional(request, content, served.etag(found))


class OfStrategy(Endpoint):
    """What the bot is told about one strategy; a new version of its parameters."""

    scopes = allow(GET=READ, POST=OPERATE)

    def get(self, request, strategy):
        Query(request)
        heartbeat.seen(self.bot)
        try:
            answer = served.for_strategy(self.bot, strategy)
        except UnknownStrategy as unknown:
            raise NotFound(str(unknown)) from unknown
        content = encoders.encode(encoders.told(answer))
        return conditional(request, content, served.etag(answer))

    def post(self, request, strategy):
        found = body(request, ParametersIn)
        instance = _instance(self.bot, strategy)
        return _changed(
            self.bot,
            strategy,
            lambda: parameters.promote(
                instance=instance,
                values=found.values,
                reason=found.reason,
                origin=Origin.API,
                seen=found.version,
                onto_live=True,
                made_by=token_of(request),
            ),
        )


class Rollback(Endpoint):
    """The values of an earlier version, as a new one."""

    scopes = allow(POST=OPERATE)

    def post(self, request, strategy):
        found = body(request, RollbackIn)
        instance = _instance(self.bot, strategy)
        return _changed(
            self.bot,
            strategy,
            lambda: parameters.roll_back(
                instance=instance,
                to=found.to,
                reason=found.reason,
                seen=found.version,
                made_by=token_of(request),
            ),
        )


class History(Endpoint):
    """Every change of a parameter, newest first, with what came of it."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(request, "strategy", "parameter", "mode", "as_of", "format")
        selection = query.selection(self.bot)
        as_csv = query.as_csv()
        parameter = query.text("parameter")
        rows = history.rows(selection.instances(), parameter, selection.mode, selection.until)
        if parameter and not rows:
            _known(parameter, selection)
        if as_csv:
            return HttpResponse(
                "".join(history.as_csv(rows)),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": 'attachment; filename="parameter-history.csv"'},
            )
        return Response([row | {"changed_at": encoders.time(row["changed_at"])} for row in rows])


def _known(parameter, selection):
    """400 for a name that no strategy asked about has: it would be answered with no change."""
    names = history.names(selection.instances(), selection.until)
    if names and parameter not in names:
        near = get_close_matches(parameter[:64], names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        text = f"there is no such parameter (there are {', '.join(names)}){hint}"
        raise ValidationError({"parameter": [text]})


def _instance(bot, strategy):
    try:
        return parameters.instance_for(bot, strategy)
    except UnknownStrategy as unknown:
        raise NotFound(str(unknown)) from unknown


def _changed(bot, strategy, change) -> Response:
    try:
        change()
    except Stale as stale:
        return Response(_stale(stale), status=status.HTTP_409_CONFLICT)
    except (Frozen, Experimenting) as held:
        ((text,),) = held.errors.values()
        return Response({"detail": text}, status=status.HTTP_409_CONFLICT)
    except Refused as refused:
        # The field of the request is named for what it holds.
        errors = {
            "version" if name == "seen" else name: text for name, text in refused.errors.items()
        }
        raise ValidationError(errors) from refused
    found = served.for_strategy(bot, strategy)
    return Response(
        encoders.told(found), status=status.HTTP_201_CREATED, headers={"ETag": served.etag(found)}
    )


def _stale(stale: Stale) -> dict[str, object]:
    """What became live since the version that the caller saw."""
    became = stale.became
    (text,) = stale.errors["seen"]
    return {
        "detail": text,
        "version": became.version,
        "reason": became.reason,
        "difference": [
            {"parameter_name": row["name"], "old_value": row["old"], "new_value": row["new"]}
            for row in stale.difference
        ],
    }

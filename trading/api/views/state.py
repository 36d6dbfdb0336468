from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from trading.api import encoders
from trading.api.authentication import READ, WRITE, allow
from trading.api.base import Endpoint, body, refuse
from trading.api.query_params import Query
from trading.api.requests import StateIn
from trading.ingest import state
from trading.validation.errors import Invalid, Stale


class Recovery(Endpoint):
    """Everything that a redeployed bot needs, in one answer."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(request, "candles", "bricks")
        found = state.recover(
            self.bot,
            query.whole("candles", 200, 0, state.MOST),
            query.whole("bricks", 200, 0, state.MOST),
        )
        return Response(
            {
                "parameters": [encoders.told(answer) for answer in found["parameters"]],
                "positions": [encoders.position(row) for row in found["positions"]],
                "candles": [encoders.series(*part) for part in found["candles"]],
                "bricks": [
                    {
                        "strategy": instance.name,
                        "market": market.name,
                        "bricks": [encoders.brick(row) for row in part],
                    }
                    for instance, market, part in found["bricks"]
                ],
                "state": {row.key: encoders.entry(row) for row in found["state"]},
                "server_time": encoders.time(found["server_time"]),
            }
        )


class StateKey(Endpoint):
    """One value that a bot keeps."""

    scopes = allow(GET=READ, PUT=WRITE)

    def get(self, request, key):
        Query(request)
        if not state.KEY.fullmatch(key):
            raise ValidationError({"key": [f"must match {state.KEY.pattern}"]})
        row = state.find(self.bot, key)
        if row is None:
            raise NotFound(f"Nothing is kept under {key}.")
        return Response(encoders.entry(row))

    def put(self, request, key):
        found = body(request, StateIn)
        try:
            row, new = state.put(self.bot, key, found.value, found.as_of)
        except Invalid as error:
            raise refuse(error) from error
        except Stale as stale:
            return Response(
                {
                    "detail": "A newer value is stored already.",
                    "stored": encoders.entry(stale.stored),
                },
                status=status.HTTP_409_CONFLICT,
            )
        return Response(
            encoders.entry(row), status=status.HTTP_201_CREATED if new else status.HTTP_200_OK
        )

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading.api import encoders
from trading.api.authentication import READ, WRITE, allow
from trading.api.base import Endpoint, body, refuse
from trading.api.query_params import Query
from trading.ingest import positions
from trading.strategies import UnknownStrategy
from trading.validation.errors import Invalid, Stale


class Positions(Endpoint):
    """Open positions, one per strategy and market."""

    scopes = allow(GET=READ, PUT=WRITE, DELETE=WRITE)

    def get(self, request):
        Query(request)
        return Response([encoders.position(row) for row in positions.of(self.bot)])

    def put(self, request):
        report = body(request, positions.PositionReport)
        try:
            row, new = positions.put(self.bot, report)
        except Invalid as error:
            raise refuse(error) from error
        except Stale as stale:
            return _stale(stale)
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(encoders.position(row), status=code)

    def delete(self, request):
        query = Query(request, "strategy", "market", "as_of")
        strategy, market = query.text("strategy"), query.market()
        if not strategy or not market:
            raise ValidationError({"strategy": ["name the strategy and the market"]})
        try:
            closed = positions.close(self.bot, strategy, market, query.moment("as_of"))
        except UnknownStrategy as unknown:
            raise ValidationError({"strategy": [str(unknown)]}) from unknown
        except Invalid as error:
            raise refuse(error) from error
        except Stale as stale:
            return _stale(stale)
        return Response({"deleted": int(closed)})


def _stale(stale: Stale) -> Response:
    stored = stale.stored and encoders.position(stale.stored)
    why = "A newer report is stored already." if stored else "It was closed since."
    return Response({"detail": why, "stored": stored}, status=status.HTTP_409_CONFLICT)

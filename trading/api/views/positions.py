"""Open positions."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import answers, examples
from trading.api.base import Endpoint, invalid
from trading.api.operation import STALE, Answer, Parameter, TimeText, describe
from trading.api.permissions import READ, WRITE, allow
from trading.ingest import positions
from trading.strategies import UnknownStrategy
from trading.validation import field_types as types
from trading.validation.errors import Invalid, Stale


class Positions(Endpoint):
    """Open positions, one per strategy and market."""

    scopes = allow(GET=READ, PUT=WRITE, DELETE=WRITE)

    @describe(
        "Positions",
        {200: Answer("Open positions.", list[answers.PositionOut], [examples.POSITION_STORED])},
    )
    def get(self, request: Request) -> Response:
        """List open positions

        All open positions, by strategy and market.
        """
        self.query()
        return Response([answers.position(row) for row in positions.of(self.bot)])

    @describe(
        "Positions",
        {
            200: Answer(
                "Replaced an older report, or already stored.",
                answers.PositionOut,
                examples.POSITION_STORED,
            ),
            201: Answer("Stored as new.", answers.PositionOut, examples.POSITION_STORED),
        },
        body=positions.PositionReport,
        example=examples.POSITION,
        errors={409: (f"{STALE} Null if the position was closed since.", answers.StalePosition)},
    )
    def put(self, request: Request) -> Response:
        """Put an open position

        One per strategy and market; the newest as_of wins, whatever order reports arrive in.
        entry_time and as_of are at most 5 minutes in the future.
        """
        report = self.body(positions.PositionReport)
        try:
            row, new = positions.put(self.bot, report)
        except Invalid as error:
            raise invalid(error) from error
        except Stale as stale:
            return _stale(stale)
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(answers.position(row), status=code)

    @describe(
        "Positions",
        {200: Answer("How many were open: 1 or 0.", answers.Deleted, {"deleted": 1})},
        parameters=(
            Parameter("strategy", types.StrategyName, "Its strategy (instance).", True),
            Parameter("market", types.Market, "Its market.", True),
            Parameter("as_of", TimeText, "When it was closed; at most 5 minutes in the future."),
        ),
        errors={409: (STALE, answers.StalePosition)},
    )
    def delete(self, request: Request) -> Response:
        """Delete a position

        It is no longer open. With as_of, an earlier report that arrives later does not reopen it,
        and a newer report is kept: send it.
        """
        query = self.query()
        strategy, market = query.text("strategy"), query.market()
        if not strategy or not market:
            raise ValidationError({"strategy": ["name the strategy and the market"]})
        try:
            closed = positions.close(self.bot, strategy, market, query.moment("as_of"))
        except UnknownStrategy as unknown:
            raise ValidationError({"strategy": [str(unknown)]}) from unknown
        except Invalid as error:
            raise invalid(error) from error
        except Stale as stale:
            return _stale(stale)
        return Response(answers.Deleted(int(closed)))


def _stale(stale: Stale) -> Response:
    stored = answers.position(stale.stored) if stale.stored else None
    detail = "A newer report is stored already." if stored else "It was closed since."
    return Response(answers.StalePosition(detail, stored), status=status.HTTP_409_CONFLICT)

"""Bot state, and everything a redeployed bot needs."""

from __future__ import annotations

from typing import Annotated

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import answers, examples
from trading.api.base import Endpoint, invalid
from trading.api.operation import STALE, Answer, Error, Parameter, describe
from trading.api.permissions import READ, WRITE, allow
from trading.api.requests import StateIn
from trading.ingest import state
from trading.validation import field_types as types
from trading.validation.errors import Invalid, Stale

_MOST = Annotated[int, types.between(0, state.MOST)]
_KEY = Parameter(
    "key",
    Annotated[str, types.matching(state.KEY.pattern, "Name of a value.")],
    "",
    True,
    place="path",
)


class Recovery(Endpoint):
    """Everything that a redeployed bot needs, in one answer."""

    scopes = allow(GET=READ)

    @describe(
        "State",
        {200: Answer("Everything.", answers.RecoveryOut, examples.RECOVERY)},
        parameters=[
            Parameter(name, _MOST, f"How many {name} of each series.", default=200)
            for name in ("candles", "bricks")
        ],
    )
    def get(self, request: Request) -> Response:
        """Recover after a deploy

        Everything that a redeployed bot needs, in one answer: parameters, open positions, the
        newest candles and bricks of each series (ascending), and the values it stored.
        """
        query = self.query()
        recovered = state.recover(
            self.bot,
            query.whole("candles", 200, 0, state.MOST),
            query.whole("bricks", 200, 0, state.MOST),
        )
        return Response(
            answers.RecoveryOut(
                parameters=[
                    answers.ParametersOut(**served.content()) for served in recovered["parameters"]
                ],
                positions=[answers.position(row) for row in recovered["positions"]],
                candles=[answers.series(*part) for part in recovered["candles"]],
                bricks=[
                    answers.BricksOut(
                        instance.name, market.name, [answers.brick(row) for row in rows]
                    )
                    for instance, market, rows in recovered["bricks"]
                ],
                state={row.key: answers.state(row) for row in recovered["state"]},
                server_time=answers.time(recovered["server_time"]),
            )
        )


class StateKey(Endpoint):
    """One value that a bot stores."""

    scopes = allow(GET=READ, PUT=WRITE)

    @describe(
        "State",
        {200: Answer("The value.", answers.StateOut, examples.STATE_STORED)},
        parameters=(_KEY,),
        errors={404: ("No value has this key.", Error)},
    )
    def get(self, request: Request, key: str) -> Response:
        """Read a value

        The value that the bot stored under a key.
        """
        self.query()
        if not state.KEY.fullmatch(key):
            raise ValidationError({"key": [f"must match {state.KEY.pattern}"]})
        row = state.find(self.bot, key)
        if row is None:
            raise NotFound(f"Nothing is kept under {key}.")
        return Response(answers.state(row))

    @describe(
        "State",
        {
            200: Answer(
                "Replaced an older value, or already stored.",
                answers.StateOut,
                examples.STATE_STORED,
            ),
            201: Answer("Stored under a new key.", answers.StateOut, examples.STATE_STORED),
        },
        parameters=(_KEY,),
        body=StateIn,
        example=examples.STATE,
        errors={409: (STALE, answers.StaleState)},
    )
    def put(self, request: Request, key: str) -> Response:
        """Store a value

        Any JSON of at most 256 KiB and 20 levels. The newest as_of wins; it is at most 5 minutes
        in the future.
        """
        report = self.body(StateIn)
        try:
            row, new = state.put(self.bot, key, report.value, report.as_of)
        except Invalid as error:
            raise invalid(error) from error
        except Stale as stale:
            detail = "A newer value is stored already."
            return Response(
                answers.StaleState(detail, answers.state(stale.stored)),
                status=status.HTTP_409_CONFLICT,
            )
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(answers.state(row), status=code)

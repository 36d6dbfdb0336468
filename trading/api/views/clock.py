"""The simulated clock of a test server."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading import clock
from trading.api import answers, examples
from trading.api.base import Endpoint
from trading.api.operation import Answer, Error, describe
from trading.api.permissions import READ, WRITE, allow
from trading.api.requests import ClockIn
from trading.bots import simulated_clock
from trading.validation import fields

_NOT_SIMULATED = {404: ("Time is not simulated here.", Error)}


class Clock(Endpoint):
    """The simulated clock, with SIMULATION=1."""

    scopes = allow(GET=READ, POST=WRITE)

    @describe(
        "Clock",
        {200: Answer("The simulated time.", answers.ClockOut, {"now": examples.NOW})},
        errors=_NOT_SIMULATED,
    )
    def get(self, request: Request) -> Response:
        """Read the simulated clock

        Only with SIMULATION=1.
        """
        self.query()
        self._check()
        return Response(answers.ClockOut(answers.time(clock.now())))

    @describe(
        "Clock",
        {
            200: Answer(
                "The simulated time and what happened on the way.",
                answers.ClockMoved,
                {"now": examples.NOW, "events": []},
            )
        },
        body=ClockIn,
        example={"now": examples.NOW},
        errors=_NOT_SIMULATED | {409: ("The clock is past this time already.", Error)},
    )
    def post(self, request: Request) -> Response:
        """Move the simulated clock

        Forward only. Runs every job that falls due on the way and answers what happened.
        """
        self._check()
        report = self.body(ClockIn)
        errors: fields.Errors = {}
        moment = fields.moment("now", report.now, errors)
        if moment is None:
            raise ValidationError(errors)
        try:
            events = simulated_clock.move(clock.from_micros(moment))
        except simulated_clock.Backwards as error:
            return Response(Error(str(error)), status=status.HTTP_409_CONFLICT)
        return Response(answers.ClockMoved(answers.time(clock.now()), events))

    @staticmethod
    def _check() -> None:
        if not clock.simulated():
            raise NotFound("Time is not simulated here; start the server with SIMULATION=1.")

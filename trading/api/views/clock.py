from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from trading import clock
from trading.api import encoders
from trading.api.authentication import READ, WRITE, allow
from trading.api.base import Endpoint, body
from trading.api.query_params import Query
from trading.api.requests import ClockIn
from trading.bots import simulated_clock
from trading.validation import fields


class Clock(Endpoint):
    """The simulated clock; there is none unless SIMULATION is set."""

    scopes = allow(GET=READ, POST=WRITE)

    def get(self, request):
        Query(request)
        self._check()
        return Response({"now": encoders.time(clock.now())})

    def post(self, request):
        self._check()
        found = body(request, ClockIn)
        errors: fields.Errors = {}
        moment = fields.moment("now", found.now, errors)
        if errors:
            raise ValidationError(errors)
        try:
            events = simulated_clock.move(clock.from_micros(moment))
        except simulated_clock.Backwards as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        return Response({"now": encoders.time(clock.now()), "events": events})

    @staticmethod
    def _check() -> None:
        if not clock.simulated():
            raise NotFound("Time is not simulated here; start the server with SIMULATION=1.")

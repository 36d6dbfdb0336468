from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from trading import clock, fields, simulation
from trading.api import render
from trading.api.authentication import READ, WRITE, allow
from trading.api.base import Endpoint, body
from trading.api.queries import Query
from trading.api.shapes import ClockIn


class Clock(Endpoint):
    """The simulated clock; there is none unless SIMULATION is set."""

    scopes = allow(GET=READ, POST=WRITE)

    def get(self, request):
        Query(request)
        self._check()
        return Response({"now": render.time(clock.now())})

    def post(self, request):
        self._check()
        found = body(request, ClockIn)
        errors: fields.Errors = {}
        moment = fields.moment("now", found.now, errors)
        if errors:
            raise ValidationError(errors)
        try:
            events = simulation.move(clock.from_micros(moment))
        except simulation.Backwards as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        return Response({"now": render.time(clock.now()), "events": events})

    @staticmethod
    def _check() -> None:
        if not clock.simulated():
            raise NotFound("Time is not simulated here; start the server with SIMULATION=1.")

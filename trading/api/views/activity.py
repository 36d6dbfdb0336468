from __future__ import annotations

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading import clock
from trading.api import encoders
from trading.api.authentication import WRITE, allow
from trading.api.base import Endpoint, answer, batch, body, named, refusal
from trading.api.requests import EvaluationIn, HeartbeatIn
from trading.bots.catalog import Declared
from trading.ingest import evaluations, heartbeat
from trading.parameters import served
from trading.validation import fields

STATUS_BYTES = 4_096


class Evaluations(Endpoint):
    """How often a strategy looked, and what held it back."""

    scopes = allow(POST=WRITE)

    def post(self, request):
        sound, refused = batch(request, EvaluationIn, named("strategy"))
        known, rows = Declared(self.bot), []
        for index, report in sound.items():
            row = evaluations.read(report, known)
            if isinstance(row, dict):
                refused.append(refusal(index, report.strategy[:81], row))
            else:
                rows.append(row)
        counts = evaluations.store(self.bot, rows)
        return answer(counts.stored, counts.updated, counts.unchanged, refused)


class Heartbeat(Endpoint):
    """The bot is alive."""

    scopes = allow(POST=WRITE)

    def post(self, request):
        found = body(request, HeartbeatIn)
        errors: fields.Errors = {}
        started_at = told_at = None
        if found.started_at is not None:
            started_at = fields.moment("started_at", found.started_at, errors)
        if found.time is not None:
            told_at = fields.moment("time", found.time, errors)
        for name, length in (("version", 64), ("status", 200)):
            if isinstance(getattr(found, name), str):
                fields.text(name, getattr(found, name), length, errors)
        for name in ("version", "parameter_set"):
            if isinstance(getattr(found, name), int):
                fields.integer(name, getattr(found, name), errors)
        reported = {
            name: getattr(found, name)
            for name in ("version", "status", "parameter_set", "time", "extra")
            if getattr(found, name) not in (None, {})
        }
        fields.json_value("status", reported, errors, STATUS_BYTES)
        if errors:
            raise ValidationError(errors)
        started, sent = (
            None if at is None else clock.from_micros(at) for at in (started_at, told_at)
        )
        heartbeat.beat(self.bot, reported, started, sent)
        return Response(
            {
                "parameters_etag": served.etag(served.everything(self.bot)),
                "server_time": encoders.time(clock.now()),
            }
        )

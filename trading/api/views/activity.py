"""Evaluation counts and heartbeats."""

from __future__ import annotations

from datetime import datetime

import msgspec
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading import clock
from trading.api import answers, examples
from trading.api.base import Endpoint, Rejected, batch_answer, batch_answers, name_from
from trading.api.operation import Answer, describe
from trading.api.permissions import WRITE, allow
from trading.api.requests import EvaluationIn, HeartbeatIn
from trading.bots.catalog import Declared
from trading.ingest import evaluations, heartbeat
from trading.parameters import served
from trading.validation import fields

STATUS_BYTES = 4_096


class Evaluations(Endpoint):
    """The signal funnel, as the bot counts it."""

    scopes = allow(POST=WRITE)

    @describe(
        "Activity",
        batch_answers(),
        body=(EvaluationIn, list[EvaluationIn]),
        example=[examples.EVALUATION],
    )
    def post(self, request: Request) -> Response:
        """Post evaluation counts

        The signal funnel: evaluations, signals, and blocked evaluations by filter, per strategy,
        market and period. The same period again replaces the counts. `to` is after `from`;
        signals and blocked together are at most evaluations.
        """
        reports, rejected = self.batch(EvaluationIn, name_from("strategy"))
        known, rows = Declared(self.bot), []
        for index, report in reports.items():
            row = evaluations.read(report, known)
            if isinstance(row, dict):
                rejected.append(Rejected(index, report.strategy[:81], row))
            else:
                rows.append(row)
        counts = evaluations.store(self.bot, rows)
        return batch_answer(counts.stored, counts.updated, counts.unchanged, rejected)


class Heartbeat(Endpoint):
    """A sign that the bot is online."""

    scopes = allow(POST=WRITE)

    @describe(
        "Activity",
        {
            200: Answer(
                "Whether parameters changed, and the server's time.",
                answers.HeartbeatOut,
                examples.HEARTBEAT_ANSWER,
            )
        },
        body=HeartbeatIn,
        example=examples.HEARTBEAT,
    )
    def post(self, request: Request) -> Response:
        """Send heartbeat

        Every field is optional; together they take at most 4 kB.
        """
        report = self.body(HeartbeatIn)
        reported = {
            name: getattr(report, name)
            for name in ("version", "status", "parameter_set", "time", "extra")
            if getattr(report, name) not in (None, {})
        }
        started_at, sent_at = _check(report, reported)
        heartbeat.beat(self.bot, reported, started_at, sent_at)
        return Response(
            answers.HeartbeatOut(
                served.etag(served.everything(self.bot)), answers.time(clock.now())
            )
        )


def _check(
    report: HeartbeatIn, reported: dict[str, object]
) -> tuple[datetime | None, datetime | None]:
    """When the bot started and when it sent the heartbeat. Raises ValidationError."""
    errors: fields.Errors = {}
    times = [
        None if value is None else fields.moment(name, value, errors)
        for name, value in (("started_at", report.started_at), ("time", report.time))
    ]
    values = msgspec.structs.asdict(report)
    for name, length in (("version", 64), ("status", 200)):
        if isinstance(values[name], str):
            fields.text(name, values[name], length, errors)
    for name in ("version", "parameter_set"):
        if isinstance(values[name], int):
            fields.integer(name, values[name], errors)
    fields.json_value("status", reported, errors, STATUS_BYTES)
    if errors:
        raise ValidationError(errors)
    started, sent = (None if micros is None else clock.from_micros(micros) for micros in times)
    return started, sent

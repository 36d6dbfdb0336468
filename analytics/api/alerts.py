from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from analytics.api import requests
from analytics.models import Alert, AlertEvent, Severity
from analytics.monitoring.alert_list import before_key, newest
from analytics.monitoring.alerts import REGISTRY, lifecycle
from trading import clock
from trading.api import encoders
from trading.api.authentication import OPERATE, READ, allow
from trading.api.base import Endpoint, body
from trading.api.query_params import Query
from trading.validation import fields

STATES = (*Alert.State.values, "active")


class Described(Endpoint):
    described_in = "analytics.api.alert_schema"


class Alerts(Described):
    """What went wrong with the bot's strategies, newest first."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(
            request,
            "strategy",
            "mode",
            "kind",
            "state",
            "severity",
            "since",
            "until",
            "cursor",
            "limit",
        )
        asked = {
            "state": query.one_of("state", STATES),
            "severity": query.one_of("severity", Severity.values),
            "mode": query.one_of("mode", ("live", "paper")),
            "kind": query.one_of("kind", REGISTRY),
        }
        selection = query.selection(self.bot, mode=None) if query.has("strategy") else None
        found, older = newest(
            self.bot,
            asked,
            instances=selection and selection.instances(),
            since=query.moment("since"),
            until=query.moment("until"),
            before=query.key("cursor"),
            limit=query.whole("limit", 100, 1, 500),
        )
        return Response(
            {
                "alerts": [alert_out(alert) for alert in found],
                "next": None if older is None else "-".join(map(str, before_key(older))),
            }
        )


class OneAlert(Described):
    """An alert with its history."""

    scopes = allow(GET=READ)

    def get(self, request, alert):
        Query(request)
        return Response(_with_events(_find(self.bot, alert)))


class Step(Described):
    """A step in an alert's life, taken by hand."""

    scopes = allow(POST=OPERATE)
    shape = requests.NoteIn
    take: Callable[[Alert, Any, str], None]

    def post(self, request, alert):
        found = body(request, self.shape)
        row = _find(self.bot, alert)
        note = _note(found.note)
        try:
            self.take(row, found, note)
        except lifecycle.NotPossible as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        return Response(_with_events(row))


class Acknowledge(Step):
    def take(self, row, found, note):
        lifecycle.acknowledge(row, note=note)


class Resolve(Step):
    def take(self, row, found, note):
        lifecycle.resolve(row, note=note)


class Snooze(Step):
    shape = requests.SnoozeIn

    def take(self, row, found, note):
        errors: fields.Errors = {}
        until = fields.moment("until", found.until, errors)
        if errors:
            raise ValidationError(errors)
        lifecycle.snooze(row, until=clock.from_micros(until), note=note)


def _note(text: str) -> str:
    errors: fields.Errors = {}
    fields.text("note", text, lifecycle.NOTE_LENGTH, errors)
    if errors:
        raise ValidationError(errors)
    return text


def _find(bot: Any, key: str) -> Alert:
    found = Alert.objects.select_related("instance", "bot").filter(pk=int(key), bot=bot).first()
    if found is None:
        raise NotFound("There is no such alert.")
    return found


def alert_out(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "strategy": alert.instance.name if alert.instance_id else None,
        "mode": alert.mode or None,
        "state": alert.state,
        "severity": alert.severity,
        "sentence": alert.sentence,
        "advice": alert.advice,
        "evidence": alert.evidence,
        "opened_at": encoders.time(alert.opened_at),
        "seen_at": encoders.time(alert.seen_at),
        "changed_at": encoders.time(alert.changed_at),
        "snoozed_until": encoders.time(alert.snoozed_until),
        "resolved_at": encoders.time(alert.resolved_at),
    }


def _with_events(alert: Alert) -> dict[str, Any]:
    events = alert.events.select_related("by").order_by("at", "pk")
    return {**alert_out(alert), "events": [_event(event) for event in events]}


def _event(event: AlertEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "at": encoders.time(event.at),
        "severity": event.severity,
        "sentence": event.sentence,
        "by": event.by.get_username() if event.by else None,
        "note": event.note,
    }

"""Alerts of the bot, and steps taken on them."""

from __future__ import annotations

from typing import Annotated, Any

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api import examples
from analytics.api.requests import NoteIn, SnoozeIn
from analytics.models import Alert, AlertEvent, Severity
from analytics.monitoring.alert_list import before_key, newest
from analytics.monitoring.alerts import REGISTRY, lifecycle
from trading import clock
from trading.api.answers import Count, Moment, Object, time, time_or_none
from trading.api.base import Endpoint
from trading.api.operation import (
    CURSOR,
    MODE,
    SINCE,
    STRATEGY,
    UNTIL,
    Answer,
    Error,
    IdInPath,
    Out,
    Parameter,
    describe,
    limit,
)
from trading.api.permissions import OPERATE, READ, allow
from trading.validation import field_types as types
from trading.validation import fields

STATES = (*Alert.State.values, "active")
SeverityOut = Annotated[str, types.one_of(Severity.values)]
KindOut = Annotated[str, types.one_of(REGISTRY)]


class AlertOut(Out):
    id: Count
    kind: KindOut
    strategy: str | None
    mode: str | None
    state: Annotated[str, types.one_of(Alert.State.values)]
    severity: SeverityOut
    sentence: str
    advice: str
    evidence: Object
    opened_at: Moment
    seen_at: Moment
    changed_at: Moment
    snoozed_until: Moment | None
    resolved_at: Moment | None


class EventOut(Out):
    type: Annotated[str, types.one_of(AlertEvent.Type.values)]
    at: Moment
    severity: SeverityOut
    sentence: str
    by: str | None
    note: str


class AlertWithEvents(AlertOut):
    events: list[EventOut]


class AlertsOut(Out):
    alerts: list[AlertOut]
    next: str | None


_ANSWER = {200: Answer("The alert.", AlertWithEvents, examples.ALERT_WITH_EVENTS)}
_NOTE = {"note": "The exchange changed the fee tier."}
_NOT_FOUND = {404: ("The bot has no such alert.", Error)}
_IN_PATH = Parameter("alert", IdInPath, "Its id.", True, place="path")
_STEP: dict[str, Any] = {
    "parameters": (_IN_PATH,),
    "errors": _NOT_FOUND | {409: ("Its state does not allow this.", Error)},
}


class Alerts(Endpoint):
    """Alerts of the bot, newest first."""

    scopes = allow(GET=READ)

    @describe(
        "Alerts",
        {200: Answer("A page of alerts.", AlertsOut, {"alerts": [examples.ALERT], "next": None})},
        parameters=(
            STRATEGY,
            MODE,
            Parameter("kind", KindOut, "Only alerts of this rule."),
            Parameter("state", Annotated[str, types.one_of(STATES)], "Only this state."),
            Parameter("severity", SeverityOut, "Only this severity."),
            SINCE,
            UNTIL,
            CURSOR,
            limit(100, 500, "alerts"),
        ),
    )
    def get(self, request: Request) -> Response:
        """List alerts, last opened first

        Alerts of the bot and its strategies: what happened, how certain that is, and what to do.
        state=active leaves out resolved ones.
        """
        query = self.query()
        filters = {
            "state": query.one_of("state", STATES),
            "severity": query.one_of("severity", Severity.values),
            "mode": query.one_of("mode", ("live", "paper")),
            "kind": query.one_of("kind", REGISTRY),
        }
        selection = query.selection(self.bot, mode=None) if query.has("strategy") else None
        alerts, last = newest(
            self.bot,
            filters,
            instances=selection.instances() if selection else None,
            since=query.moment("since"),
            until=query.moment("until"),
            before=query.key("cursor"),
            limit=query.whole("limit", 100, 1, 500),
        )
        cursor = None if last is None else "-".join(map(str, before_key(last)))
        return Response(AlertsOut([AlertOut(**_fields(alert)) for alert in alerts], cursor))


class OneAlert(Endpoint):
    """An alert with its history."""

    scopes = allow(GET=READ)

    @describe("Alerts", _ANSWER, parameters=(_IN_PATH,), errors=_NOT_FOUND)
    def get(self, request: Request, alert: str) -> Response:
        """Read an alert

        The alert with its history.
        """
        self.query()
        return Response(_with_events(_find(self, alert)))


class Acknowledge(Endpoint):
    """Acknowledges an alert."""

    scopes = allow(POST=OPERATE)

    @describe("Alerts", _ANSWER, body=NoteIn, example=_NOTE, **_STEP)
    def post(self, request: Request, alert: str) -> Response:
        """Acknowledge an alert

        It notifies again only if it gets worse.
        """
        given, row = self.body(NoteIn), _find(self, alert)
        return _change(row, lifecycle.acknowledge, note=_checked(given))


class Resolve(Endpoint):
    """Resolves an alert."""

    scopes = allow(POST=OPERATE)

    @describe("Alerts", _ANSWER, body=NoteIn, example=_NOTE, **_STEP)
    def post(self, request: Request, alert: str) -> Response:
        """Resolve an alert

        Close it: the same condition does not alert again unless it gets worse.
        """
        given, row = self.body(NoteIn), _find(self, alert)
        return _change(row, lifecycle.resolve, note=_checked(given))


class Snooze(Endpoint):
    """Snoozes an alert."""

    scopes = allow(POST=OPERATE)

    @describe(
        "Alerts", _ANSWER, body=SnoozeIn, example=_NOTE | {"until": "2199-03-04T06:00:00Z"}, **_STEP
    )
    def post(self, request: Request, alert: str) -> Response:
        """Snooze an alert

        No notifications until then; it returns if the condition still holds.
        """
        given, row = self.body(SnoozeIn), _find(self, alert)
        note, errors = _checked(given), fields.Errors()
        until = fields.moment("until", given.until, errors)
        if until is None:
            raise ValidationError(errors)
        return _change(row, lifecycle.snooze, until=clock.from_micros(until), note=note)


def _change(alert: Alert, change: Any, **arguments: Any) -> Response:
    try:
        change(alert, **arguments)
    except lifecycle.NotPossible as error:
        return Response(Error(str(error)), status=status.HTTP_409_CONFLICT)
    return Response(_with_events(alert))


def _checked(given: NoteIn) -> str:
    errors: fields.Errors = {}
    fields.text("note", given.note, lifecycle.NOTE_LENGTH, errors)
    if errors:
        raise ValidationError(errors)
    return given.note


def _find(view: Endpoint, key: str) -> Alert:
    alerts = Alert.objects.select_related("instance", "bot")
    alert = alerts.filter(pk=int(key), bot=view.bot).first()
    if alert is None:
        raise NotFound("There is no such alert.")
    return alert


def _fields(alert: Alert) -> dict[str, Any]:
    copied = ("kind", "state", "severity", "sentence", "advice", "evidence")
    return {
        "id": alert.pk,
        "strategy": alert.instance.name if alert.instance else None,
        "mode": alert.mode or None,
        **{name: getattr(alert, name) for name in copied},
        "opened_at": time(alert.opened_at),
        "seen_at": time(alert.seen_at),
        "changed_at": time(alert.changed_at),
        "snoozed_until": time_or_none(alert.snoozed_until),
        "resolved_at": time_or_none(alert.resolved_at),
    }


def _with_events(alert: Alert) -> AlertWithEvents:
    events = alert.events.select_related("by").order_by("at", "pk")
    return AlertWithEvents(**_fields(alert), events=[_event(event) for event in events])


def _event(event: AlertEvent) -> EventOut:
    return EventOut(
        type=event.type,
        at=time(event.at),
        severity=event.severity,
        sentence=event.sentence,
        by=event.by.get_username() if event.by else None,
        note=event.note,
    )

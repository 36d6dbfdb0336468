"""What the operations of this API are for, take and answer; ``trading.api.schema`` reads it."""

from __future__ import annotations

from typing import Any

from analytics.models import Alert, AlertEvent, Severity
from analytics.monitoring.alerts import REGISTRY
from trading.api.schema import parts
from trading.api.schema.operation import (
    MODE,
    SINCE,
    STRATEGY,
    UNTIL,
    Answer,
    Operation,
    Parameter,
    limit,
    query,
)
from trading.api.schema.parts import MOMENT, TEXT, array, nullable, record, ref, words

_SEVERITY, _KIND = words(Severity.values), words(REGISTRY)
_ALERT = {
    "id": parts.COUNT,
    "kind": _KIND,
    "strategy": nullable(TEXT),
    "mode": nullable(TEXT),
    "state": words(Alert.State.values),
    "severity": _SEVERITY,
    "sentence": TEXT,
    "advice": TEXT,
    "evidence": {"type": "object"},
    "opened_at": MOMENT,
    "seen_at": MOMENT,
    "changed_at": MOMENT,
    "snoozed_until": nullable(MOMENT),
    "resolved_at": nullable(MOMENT),
}
_EVENT = record(
    type=words(AlertEvent.Type.values),
    at=MOMENT,
    severity=_SEVERITY,
    sentence=TEXT,
    by=nullable(TEXT),
    note=TEXT,
)
_WITH_EVENTS = record(**_ALERT, events=array(_EVENT))
_LIST = record(alerts=array(record(**_ALERT)), next=nullable(TEXT))

ALERT: dict[str, Any] = {
    "id": 17,
    "kind": "losing_streak",
    "strategy": "rsi_bb",
    "mode": "live",
    "state": "open",
    "severity": "warning",
    "sentence": "rsi_bb of Mara lost 14 trades in a row. Chance brings 13 once in 365 days; the "
    "longest streak until now was 9.",
    "advice": "Look whether the losses have one reason: the same market, hour or exit.",
    "evidence": {"streak": 14, "limit": 13},
    "opened_at": "2025-03-03T11:00:00.000000Z",
    "seen_at": "2025-03-03T12:00:00.000000Z",
    "changed_at": "2025-03-03T11:00:00.000000Z",
    "snoozed_until": None,
    "resolved_at": None,
}
_STORED = ALERT | {
    "events": [
        {
            "type": "opened",
            "at": "2025-03-03T11:00:00.000000Z",
            "severity": "warning",
            "sentence": ALERT["sentence"],
            "by": None,
            "note": "",
        }
    ]
}
_PLACE = Parameter("alert", "Its id.", parts.matching("[0-9]{1,18}"), True, "path")
_NOTE = {"type": "string", "maxLength": 500, "pattern": r"^[^\u0000]*$"}
_NO_ALERT = {404: ("The bot has no such alert.", ref("Error"))}
_REFUSED = {**_NO_ALERT, 409: ("Its state does not allow this.", ref("Error"))}


def _step(summary: str, text: str, **fields: Any) -> Operation:
    body = record(**fields, note=_NOTE)
    body["required"] = list(fields)
    example = {"note": "The exchange changed the fee tier."}
    if "until" in fields:
        example["until"] = "2199-03-04T06:00:00Z"
    return Operation(
        "Alerts",
        summary,
        text,
        {200: Answer("The alert.", _WITH_EVENTS, _STORED)},
        body,
        example,
        (_PLACE,),
        _REFUSED,
    )


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("Alerts", "GET"): Operation(
        "Alerts",
        "List alerts, those that opened last first",
        "What went wrong with the bot and its strategies: each alert says what happened, how sure "
        "that is, and what to do. state=active leaves out those that are resolved.",
        {200: Answer("A page of alerts.", _LIST, {"alerts": [ALERT], "next": None})},
        parameters=(
            STRATEGY,
            MODE,
            query("kind", "Only this kind of alert.", _KIND),
            query("state", "Only this state.", words((*Alert.State.values, "active"))),
            query("severity", "Only this severity.", _SEVERITY),
            SINCE,
            UNTIL,
            query(
                "cursor", "Where the page before ended.", parts.matching(r"[0-9]{1,18}-[0-9]{1,18}")
            ),
            limit(100, 500, "alerts"),
        ),
    ),
    ("OneAlert", "GET"): Operation(
        "Alerts",
        "Read an alert",
        "The alert with everything that happened to it.",
        {200: Answer("The alert.", _WITH_EVENTS, _STORED)},
        parameters=(_PLACE,),
        errors=_NO_ALERT,
    ),
    ("Acknowledge", "POST"): _step(
        "Acknowledge an alert", "Somebody looks after it; it speaks again when it becomes worse."
    ),
    ("Resolve", "POST"): _step(
        "Resolve an alert", "It is dealt with: the same thing, no worse, is not told again."
    ),
    ("Snooze", "POST"): _step(
        "Snooze an alert",
        "Nothing is said of it until then; it comes back if it still holds.",
        until=ref("Time"),
    ),
}

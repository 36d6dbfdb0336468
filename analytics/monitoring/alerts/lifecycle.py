"""The life cycle of an alert: opened, escalated, acknowledged, snoozed, resolved, reopened.

Every step is a compare-and-set on the row and writes an event, in one transaction. Checking the
same moment again changes nothing, and checking an earlier moment never undoes later steps: what was
active at a moment follows from the events up to then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from analytics.models import Alert, AlertEvent
from analytics.monitoring.alerts.base import ORDER, Finding, worse
from analytics.monitoring.alerts.configured import ConfiguredRule
from trading import clock

State, Type = Alert.State, AlertEvent.Type
REOPENS_WITHIN = timedelta(days=7)  # within this time a recurrence is the same alert
NOTE_LENGTH = 500
AWAY = timedelta(days=1)
ENDS = (Type.ENDED, Type.RESOLVED)
TURNS = (Type.OPENED, Type.REOPENED, *ENDS)
AUTOMATIC = (Type.OPENED, Type.ESCALATED, Type.REOPENED, Type.ENDED)  # written by monitoring


class NotPossible(ValueError):
    """The state of the alert does not allow this step; another user may have been first."""


@dataclass(frozen=True, slots=True)
class Place:
    """The subject of an alert: bot, strategy and mode, as far as they apply."""

    bot: int | None = None
    instance: int | None = None
    mode: str = ""

    def key(self, kind: str) -> str:
        return f"{kind}:{self.bot or 0}:{self.instance or 0}:{self.mode}"


def judge(
    configured: ConfiguredRule, place: Place, finding: Finding | None, as_of: datetime
) -> list[AlertEvent]:
    """Update the alerts of a place with the finding of a moment, None for no finding.

    Returns the new events, none where nothing changed.
    """
    alerts = Alert.objects.filter(key=place.key(configured.rule.key))
    alert = alerts.filter(opened_at__lte=as_of).order_by("-opened_at", "-pk").first()
    events: list[AlertEvent | None] = []
    if finding is None:
        return _without_none([_no_finding(configured, alert, as_of)])
    if finding.event and (alert is None or alert.event != finding.event):
        if alert is not None:
            events.append(_end(alert, as_of))
        alert = alerts.filter(event=finding.event).first()
    severity = worse(configured.severity) if finding.grave else configured.severity
    if alert is None or not (finding.event or _may_return(alert, as_of)):
        events.append(_open(configured, place, finding, severity, as_of))
    else:
        events.append(_update(configured, alert, finding, severity, as_of))
    return _without_none(events)


def _without_none(events: list[AlertEvent | None]) -> list[AlertEvent]:
    return [event for event in events if event is not None]


def _may_return(alert: Alert, as_of: datetime) -> bool:
    """Whether a finding now is the same occurrence: the alert is active, or ended recently."""
    if alert.active or alert.changed_at > as_of:
        return True
    return as_of - alert.seen_at <= REOPENS_WITHIN


def _open(
    configured: ConfiguredRule, place: Place, finding: Finding, severity: str, as_of: datetime
) -> AlertEvent | None:
    with transaction.atomic():
        alert, created = Alert.objects.get_or_create(
            key=place.key(configured.rule.key),
            event=(finding.event or f"at {as_of.isoformat()}")[:120],
            defaults={
                "kind": configured.rule.key,
                "bot_id": place.bot,
                "instance_id": place.instance,
                "mode": place.mode,
                "severity": severity,
                "opened_at": as_of,
                "seen_at": as_of,
                "changed_at": as_of,
                **_texts(finding),
            },
        )
        return _event(alert, Type.OPENED, as_of) if created else None


def _update(
    configured: ConfiguredRule, alert: Alert, finding: Finding, severity: str, as_of: datetime
) -> AlertEvent | None:
    """A known problem persists, or is back."""
    if as_of < alert.changed_at or as_of < alert.seen_at:
        return None  # a later moment was checked already
    got_worse = ORDER.index(severity) > ORDER.index(alert.severity)
    woke = (
        alert.state == State.SNOOZED
        and alert.snoozed_until is not None
        and alert.snoozed_until <= as_of
    )
    resolved = alert.state == State.RESOLVED
    if resolved and not got_worse and _resolved_manually(configured, alert, finding, as_of):
        _set(alert, seen_at=as_of)
        return None
    changes: dict[str, Any] = {**_texts(finding), "seen_at": as_of}
    if got_worse:
        changes["severity"] = severity
    if resolved or woke:
        changes |= {"state": State.OPEN, "snoozed_until": None, "resolved_at": None}
        return _step(alert, Type.REOPENED, as_of, **changes)
    if got_worse:
        return _step(alert, Type.ESCALATED, as_of, **changes, state=State.OPEN)
    _set(alert, **changes)
    return None


def _resolved_manually(
    configured: ConfiguredRule, alert: Alert, finding: Finding, as_of: datetime
) -> bool:
    """Whether a user resolved it and it has persisted since: it is not opened again."""
    last = alert.events.filter(type__in=ENDS).order_by("-at", "-pk").first()
    if last is None or last.type != Type.RESOLVED:
        return False
    away = as_of - alert.seen_at > max(configured.rule.clears_after, AWAY)
    return bool(finding.event) or not away


def _no_finding(
    configured: ConfiguredRule, alert: Alert | None, as_of: datetime
) -> AlertEvent | None:
    if alert is None or not alert.active or as_of < alert.changed_at:
        return None
    if as_of - alert.seen_at < max(configured.rule.clears_after, clock.MICROSECOND):
        return None
    return _end(alert, as_of)


def _end(alert: Alert, as_of: datetime) -> AlertEvent | None:
    """Resolve an alert automatically."""
    if not alert.active or as_of < alert.changed_at:
        return None
    return _step(
        alert, Type.ENDED, as_of, state=State.RESOLVED, resolved_at=as_of, snoozed_until=None
    )


def acknowledge(alert: Alert, *, by: User | None = None, note: str = "") -> AlertEvent:
    """Acknowledge an alert: notify only if it gets worse. Raises NotPossible."""
    if alert.state not in (State.OPEN, State.SNOOZED):
        raise NotPossible(f"the alert is already {alert.get_state_display().lower()}")
    return _manual_step(
        alert, Type.ACKNOWLEDGED, by, note, state=State.ACKNOWLEDGED, snoozed_until=None
    )


def snooze(alert: Alert, *, until: datetime, by: User | None = None, note: str = "") -> AlertEvent:
    """Snooze an alert; it reopens if the problem persists then. Raises NotPossible."""
    if not alert.active:
        raise NotPossible("the alert is resolved")
    if until <= clock.now():
        raise NotPossible("the end of a snooze must be in the future")
    return _manual_step(alert, Type.SNOOZED, by, note, state=State.SNOOZED, snoozed_until=until)


def resolve(alert: Alert, *, by: User | None = None, note: str = "") -> AlertEvent:
    """Resolve an alert; it reopens only if it gets worse or recurs. Raises NotPossible."""
    if not alert.active:
        raise NotPossible("the alert is already resolved")
    return _manual_step(
        alert,
        Type.RESOLVED,
        by,
        note,
        state=State.RESOLVED,
        resolved_at=clock.now(),
        snoozed_until=None,
    )


def _manual_step(
    alert: Alert, type_: str, by: User | None, note: str, **changes: object
) -> AlertEvent:
    # Not before the last event: a replayed moment may be ahead of the clock.
    at = max(clock.now(), alert.changed_at)
    event = _step(alert, type_, at, by=by, note=note[:NOTE_LENGTH], **changes)
    if event is None:
        raise NotPossible("the alert has changed meanwhile; reload the page")
    return event


def _step(
    alert: Alert,
    type_: str,
    at: datetime,
    *,
    by: User | None = None,
    note: str = "",
    **changes: object,
) -> AlertEvent | None:
    """Change the alert and write the event; None if another process changed it first."""
    with transaction.atomic():
        if not _set(alert, changed_at=at, **changes):
            return None
        return _event(alert, type_, at, by, note)


def _set(alert: Alert, **changes: object) -> bool:
    same = {"pk": alert.pk, "state": alert.state, "changed_at": alert.changed_at}
    if not Alert.objects.filter(**same).update(**changes):
        return False
    for name, value in changes.items():
        setattr(alert, name, value)
    return True


def _event(
    alert: Alert, type_: str, at: datetime, by: User | None = None, note: str = ""
) -> AlertEvent:
    return AlertEvent.objects.create(
        alert=alert,
        type=type_,
        at=at,
        severity=alert.severity,
        sentence=alert.sentence,
        by=by,
        note=note,
    )


def _texts(finding: Finding) -> dict[str, Any]:
    return {"sentence": finding.sentence, "advice": finding.advice, "evidence": finding.evidence}

"""The life of an alert: it opens, worsens, is taken note of, ends, and may come back.

Every step is compare-and-set on the row and writes an event, in one transaction. Looking at a
moment again changes nothing, and looking at an earlier moment never undoes what came later: what
was active then is told from the events up to then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from analytics.models import Alert, AlertEvent
from analytics.monitoring.alerts.base import ORDER, Finding, worse
from analytics.monitoring.alerts.configured import ConfiguredRule
from trading import clock

State, Type = Alert.State, AlertEvent.Type
REOPENS_WITHIN = timedelta(days=7)  # what comes back sooner is the same alert
NOTE_LENGTH = 500
AWAY = timedelta(days=1)
ENDS = (Type.ENDED, Type.RESOLVED)
TURNS = (Type.OPENED, Type.REOPENED, *ENDS)
AUTOMATIC = (Type.OPENED, Type.ESCALATED, Type.REOPENED, Type.ENDED)  # written by monitoring


class NotPossible(ValueError):
    """A step that the alert's state does not allow; somebody else may have been first."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an alert is about: its bot, strategy and mode, those that apply."""

    bot: int | None = None
    instance: int | None = None
    mode: str = ""

    def key(self, kind: str) -> str:
        return f"{kind}:{self.bot or 0}:{self.instance or 0}:{self.mode}"


def judge(
    configured: ConfiguredRule, place: Place, finding: Finding | None, as_of: datetime
) -> list[AlertEvent]:
    """Let what was found at a moment, or that nothing was, change the alerts of a place.

    Returns what happened, which is nothing where things are as they were.
    """
    known = Alert.objects.filter(key=place.key(configured.rule.key))
    alert = known.filter(opened_at__lte=as_of).order_by("-opened_at", "-pk").first()
    events: list[AlertEvent | None] = []
    if finding is None:
        return _happened([_nothing_found(configured, alert, as_of)])
    if finding.event and (alert is None or alert.event != finding.event):
        if alert is not None:
            events.append(_end(alert, as_of))
        alert = known.filter(event=finding.event).first()
    severity = worse(configured.severity) if finding.grave else configured.severity
    if alert is None or not (finding.event or _may_return(alert, as_of)):
        events.append(_open(configured, place, finding, severity, as_of))
    else:
        events.append(_goes_on(configured, alert, finding, severity, as_of))
    return _happened(events)


def _happened(events: list[AlertEvent | None]) -> list[AlertEvent]:
    return [event for event in events if event is not None]


def _may_return(alert: Alert, as_of: datetime) -> bool:
    """Whether what is found now is the same happening: it is active, or ended lately."""
    if alert.active or alert.changed_at > as_of:
        return True
    return as_of - alert.seen_at <= REOPENS_WITHIN


def _open(
    configured: ConfiguredRule, place: Place, finding: Finding, severity: str, as_of: datetime
) -> AlertEvent | None:
    with transaction.atomic():
        alert, made = Alert.objects.get_or_create(
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
                **_told(finding),
            },
        )
        return _event(alert, Type.OPENED, as_of) if made else None


def _goes_on(
    configured: ConfiguredRule, alert: Alert, finding: Finding, severity: str, as_of: datetime
) -> AlertEvent | None:
    """What was known already holds still, or again."""
    if as_of < alert.changed_at or as_of < alert.seen_at:
        return None  # later moments have been looked at, and know better
    told = _told(finding)
    got_worse = ORDER.index(severity) > ORDER.index(alert.severity)
    woke = alert.state == State.SNOOZED and alert.snoozed_until <= as_of
    resolved = alert.state == State.RESOLVED
    if resolved and not got_worse and _dealt_with(configured, alert, finding, as_of):
        _set(alert, seen_at=as_of)
        return None
    changes = {**told, "seen_at": as_of}
    if got_worse:
        changes["severity"] = severity
    if resolved or woke:
        changes |= {"state": State.OPEN, "snoozed_until": None, "resolved_at": None}
        return _step(alert, Type.REOPENED, as_of, **changes)
    if got_worse:
        return _step(alert, Type.ESCALATED, as_of, **changes, state=State.OPEN)
    _set(alert, **changes)
    return None


def _dealt_with(
    configured: ConfiguredRule, alert: Alert, finding: Finding, as_of: datetime
) -> bool:
    """Whether somebody resolved it by hand, and it has not been away since: the same thing, no
    worse, is not told again."""
    last = alert.events.filter(type__in=ENDS).order_by("-at", "-pk").first()
    if last is None or last.type != Type.RESOLVED:
        return False
    away = as_of - alert.seen_at > max(configured.rule.clears_after, AWAY)
    return bool(finding.event) or not away


def _nothing_found(
    configured: ConfiguredRule, alert: Alert | None, as_of: datetime
) -> AlertEvent | None:
    if alert is None or not alert.active or as_of < alert.changed_at:
        return None
    if as_of - alert.seen_at < max(configured.rule.clears_after, clock.MICROSECOND):
        return None
    return _end(alert, as_of)


def _end(alert: Alert, as_of: datetime) -> AlertEvent | None:
    """It is over by itself."""
    if not alert.active or as_of < alert.changed_at:
        return None
    return _step(
        alert, Type.ENDED, as_of, state=State.RESOLVED, resolved_at=as_of, snoozed_until=None
    )


def acknowledge(alert: Alert, *, by: Any = None, note: str = "") -> AlertEvent:
    """Somebody looks after it. Raises NotPossible."""
    if alert.state not in (State.OPEN, State.SNOOZED):
        raise NotPossible(f"the alert is {alert.get_state_display().lower()} already")
    return _by_hand(
        alert, Type.ACKNOWLEDGED, by, note, state=State.ACKNOWLEDGED, snoozed_until=None
    )


def snooze(alert: Alert, *, until: datetime, by: Any = None, note: str = "") -> AlertEvent:
    """Say nothing of it until a moment; where it still holds then, it comes back.

    Raises NotPossible.
    """
    if not alert.active:
        raise NotPossible("the alert is resolved")
    if until <= clock.now():
        raise NotPossible("the moment to come back at must lie in the future")
    return _by_hand(alert, Type.SNOOZED, by, note, state=State.SNOOZED, snoozed_until=until)


def resolve(alert: Alert, *, by: Any = None, note: str = "") -> AlertEvent:
    """It is dealt with: only what is worse is told again. Raises NotPossible."""
    if not alert.active:
        raise NotPossible("the alert is resolved already")
    return _by_hand(
        alert,
        Type.RESOLVED,
        by,
        note,
        state=State.RESOLVED,
        resolved_at=clock.now(),
        snoozed_until=None,
    )


def _by_hand(alert: Alert, type_: str, by: Any, note: str, **changes: Any) -> AlertEvent:
    # Not before what came last: a replayed moment may lie ahead of the clock's.
    at = max(clock.now(), alert.changed_at)
    event = _step(alert, type_, at, by=by, note=note[:NOTE_LENGTH], **changes)
    if event is None:
        raise NotPossible("the alert was changed meanwhile; look at it again")
    return event


def _step(
    alert: Alert, type_: str, at: datetime, *, by: Any = None, note: str = "", **changes: Any
) -> AlertEvent | None:
    """Change the alert and write the event; None where another process changed it first."""
    with transaction.atomic():
        if not _set(alert, changed_at=at, **changes):
            return None
        return _event(alert, type_, at, by, note)


def _set(alert: Alert, **changes: Any) -> bool:
    same = {"pk": alert.pk, "state": alert.state, "changed_at": alert.changed_at}
    if not Alert.objects.filter(**same).update(**changes):
        return False
    for name, value in changes.items():
        setattr(alert, name, value)
    return True


def _event(alert: Alert, type_: str, at: datetime, by: Any = None, note: str = "") -> AlertEvent:
    return AlertEvent.objects.create(
        alert=alert,
        type=type_,
        at=at,
        severity=alert.severity,
        sentence=alert.sentence,
        by=by,
        note=note,
    )


def _told(finding: Finding) -> dict[str, Any]:
    return {"sentence": finding.sentence, "advice": finding.advice, "evidence": finding.evidence}

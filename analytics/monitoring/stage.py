"""The monitoring stage: takes snapshots and checks the alert rules.

It reads trades through ``analytics.frames``, writes its own rows and returns what it did. As of a
moment it reads nothing later, so a history replayed hour by hour gives the alerts that were raised
live. The cost does not depend on the number of trades: it reads sums, and trades only of new days.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery

from analytics import frames
from analytics.models import Alert, AlertEvent, Progress
from analytics.monitoring import evidence_days, snapshots
from analytics.monitoring.alerts import REGISTRY, inputs, lifecycle
from analytics.monitoring.alerts.configured import ConfiguredRules
from analytics.monitoring.alerts.lifecycle import Place
from analytics.monitoring.alerts.system_inputs import SystemFrame
from trading import clock
from trading.clock import DAY

logger = logging.getLogger(__name__)

NOW = timedelta(minutes=10)  # a moment this recent counts as live


def monitor(as_of: datetime) -> dict[str, Any]:
    """Check every alert rule and take the snapshots that are due.

    Rules about whole days are checked once a day, and again after days of trades were added or a
    rule was changed. Idempotent for a moment. "events": the new events of alerts.
    """
    look = _look(as_of)
    taken, events = 0, []
    for bot in frames.bots():
        subjects, today = frames.subjects(bot.pk), clock.to_micros(as_of) // DAY
        traded = frames.traded_days(bot.pk, today)
        fresh = not Progress.objects.filter(bot=bot.pk, day=today, days=traded).exists()
        if fresh:
            evidence_days.build(bot.pk, as_of, subjects)
        if snapshots.due(bot.pk, as_of):
            taken += snapshots.take(bot.pk, as_of)
        events += _judge("bot", inputs.BotFrame(bot, as_of), Place(bot.pk), look)
        for frame in inputs.strategies(subjects, as_of):
            place = Place(bot.pk, frame.subject.instance, frame.subject.mode)
            events += _judge("strategy", frame, place, look, daily=fresh)
        if fresh:
            Progress.objects.filter(bot=bot.pk).update(day=today, days=traded)
    if look.lived and not clock.simulated():
        events += _judge("system", SystemFrame(as_of), Place(), look)
    return {
        "as_of": _text(as_of),
        "snapshots": taken,
        "events": [as_json(event) for event in events],
        **_errors(look),
    }


def pulse(as_of: datetime) -> dict[str, Any]:
    """Check the rules that need the present: bots offline, queue stuck."""
    look, events = _look(as_of), []
    for bot in frames.bots():
        events += _judge("bot", inputs.BotFrame(bot, as_of), Place(bot.pk), look, only_lived=True)
    events += _judge("system", SystemFrame(as_of), Place(), look, only_lived=True)
    return {"as_of": _text(as_of), "events": [as_json(event) for event in events], **_errors(look)}


def analyze(as_of: datetime) -> dict[str, Any]:
    """Take the snapshots of every bot as of a moment."""
    taken = sum(snapshots.take(bot.pk, as_of) for bot in frames.bots())
    return {"as_of": _text(as_of), "snapshots": taken}


@dataclass(frozen=True, slots=True)
class _Look:
    """What the checks of one run share; ``known``: keys of existing alerts."""

    rules: ConfiguredRules
    known: set[str]
    as_of: datetime
    lived: bool
    errors: list[str] = field(default_factory=list)


def _look(as_of: datetime) -> _Look:
    known = set(Alert.objects.order_by().values_list("key", flat=True).distinct())
    return _Look(ConfiguredRules(), known, as_of, clock.now() - as_of <= NOW)


def _errors(look: _Look) -> dict[str, list[str]]:
    """The rules that could not be checked, if any."""
    return {"errors": look.errors} if look.errors else {}


def _judge(
    about: str,
    frame: inputs.BotFrame | inputs.StrategyFrame | SystemFrame,
    place: Place,
    look: _Look,
    *,
    daily: bool = True,
    only_lived: bool = False,
) -> list[AlertEvent]:
    events = []
    for rule in REGISTRY.values():
        if rule.about != about or (rule.lived and not look.lived):
            continue
        if (rule.daily and not daily) or (only_lived and not rule.lived):
            continue
        configured = look.rules.of(rule.key, place.bot, place.instance)
        try:
            # A disabled rule finds nothing, so its alerts resolve.
            finding = (
                rule.check(frame, look.as_of, configured.parameters) if configured.enabled else None
            )
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # One broken rule must not stop the others.
            logger.exception("the alert rule %s failed for %s", rule.key, frame.about)
            look.errors.append(f"{rule.key}, {frame.about}: {type(error).__name__}: {error}")
            continue
        if finding is not None or place.key(rule.key) in look.known:
            events += lifecycle.judge(configured, place, finding, look.as_of)
    return events


def active(as_of: datetime) -> list[dict[str, Any]]:
    """The alerts that were active at a moment as JSON, the last opened first."""
    before = Alert.objects.filter(opened_at__lte=as_of).select_related("bot", "instance")
    latest = (
        AlertEvent.objects.filter(alert=OuterRef("pk"), at__lte=as_of, type__in=lifecycle.TURNS)
        .order_by("-at", "-pk")
        .values("type")[:1]
    )
    alerts = before.annotate(turn=Subquery(latest)).exclude(turn__in=lifecycle.ENDS)
    return [
        {
            "alert": alert.pk,
            "kind": alert.kind,
            "bot": alert.bot.name if alert.bot else None,
            "strategy": alert.instance.name if alert.instance else None,
            "mode": alert.mode or None,
            "severity": str(alert.severity),
            "opened_at": _text(alert.opened_at),
            "sentence": alert.sentence,
        }
        for alert in alerts.order_by("-opened_at", "-pk")
    ]


def as_json(event: AlertEvent) -> dict[str, Any]:
    """An event of an alert; its type in the feed of decisions is "alarm"."""
    alert = event.alert
    return {
        "type": "alarm",
        "what": str(event.type),
        "alert": alert.pk,
        "kind": alert.kind,
        "bot": alert.bot.name if alert.bot else None,
        "strategy": alert.instance.name if alert.instance else None,
        "mode": alert.mode or None,
        "severity": str(event.severity),
        "at": _text(event.at),
        "sentence": event.sentence,
    }


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

"""What the pages of alerts show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.urls import reverse

from analytics.models import Alert, AlertEvent
from analytics.monitoring.alerts import REGISTRY, lifecycle
from analytics.monitoring.alerts.wording import percent
from trading import formatting
from trading.formatting import Cell

TONES = {"critical": "loss", "warning": "warn", "info": ""}
SNOOZES = {"1": "1 hour", "8": "8 hours", "24": "1 day", "168": "1 week"}
LABELS = {"chance": "p-value"}
HIDDEN = ("picture", "limit", "curve")  # shown as the chart
WIDTH, HEIGHT = 600, 120  # units of the chart's drawing


@dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert on the dashboard."""

    title: str
    about: str
    sentence: str
    severity: str
    tone: str
    state: str
    opened_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The curve of the evidence; ``points`` and ``limit_y`` in units of the drawing."""

    title: str
    points: str
    limit_y: float | None
    low: str
    high: str
    since: str
    summary: str


@dataclass(frozen=True, slots=True)
class Step:
    """One event in the history of an alert."""

    at: datetime
    what: str
    severity: str
    tone: str
    by: AbstractBaseUser | str
    text: str


def title(alert: Alert) -> str:
    """The title of the alert's rule; a label of its key where the rule no longer exists."""
    rule = REGISTRY.get(alert.kind)
    return rule.title if rule else formatting.label(alert.kind)


def about(alert: Alert) -> str:
    """The strategy and bot, the bot, or this installation."""
    if alert.instance and alert.bot:
        paper = ", paper" if alert.mode == "paper" else ""
        return f"{alert.instance.name} of {alert.bot.name}{paper}"
    return alert.bot.name if alert.bot else "This installation"


def card(alert: Alert) -> AlertCard:
    return AlertCard(
        title=title(alert),
        about=about(alert),
        sentence=alert.sentence,
        severity=alert.get_severity_display(),
        tone=TONES[alert.severity],
        state=alert.get_state_display(),
        opened_at=alert.opened_at,
        url=reverse("admin:analytics_alert_change", args=[alert.pk]),
    )


def facts(alert: Alert) -> list[tuple[str, Cell]]:
    rows = [
        ("Strategy or bot", Cell(about(alert))),
        ("Opened", formatting.minute(alert.opened_at)),
        ("Last detected", formatting.minute(alert.seen_at)),
    ]
    if alert.snoozed_until:
        rows.append(("Snoozed until", formatting.minute(alert.snoozed_until)))
    if alert.resolved_at:
        rows.append(("Resolved", formatting.minute(alert.resolved_at)))
    return rows


def numbers(alert: Alert) -> list[tuple[str, Cell]]:
    """The evidence as labelled values; nested values are joined."""
    return [
        (LABELS.get(name) or formatting.label(name), Cell(_plain(value)))
        for name, value in alert.evidence.items()
        if name not in HIDDEN and value not in (None, {})
    ]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " to ".join(map(_plain, value)) if len(value) == 2 else ", ".join(map(_plain, value))
    if isinstance(value, float):
        value = float(f"{value:.4g}")
    return formatting.value(value)


def chart(alert: Alert) -> Chart | None:
    """The curve of the evidence and its limit; None with fewer than two points."""
    values: list[float] = alert.evidence.get("picture") or []
    limit: float | None = alert.evidence.get("limit")
    if len(values) < 2:
        return None
    curve: dict[str, str] = alert.evidence.get("curve") or {}
    shown = [*values, *([] if limit is None else [limit])]
    low, high = min(shown), max(shown)
    scale = (HEIGHT - 8) / ((high - low) or 1)

    def y(value: float) -> float:
        return round(HEIGHT - 4 - (value - low) * scale, 1)

    step = WIDTH / (len(values) - 1)
    unit, name = curve.get("unit", ""), curve.get("title", "Evidence")
    bound = "" if limit is None else f" ({curve.get('bound', 'limit')} {_with_unit(limit, unit)})"
    return Chart(
        title=name,
        points=" ".join(f"{round(at * step, 1)},{y(value)}" for at, value in enumerate(values)),
        limit_y=None if limit is None else y(limit),
        low=_with_unit(low, unit),
        high=_with_unit(high, unit),
        since=curve.get("since", "start"),
        summary=f"{name}: {_with_unit(values[-1], unit)}{bound}",
    )


def _with_unit(value: float, unit: str) -> str:
    if unit == "ratio":
        return percent(value)
    return formatting.with_unit(_plain(float(value)), unit)


def history(events: Sequence[AlertEvent]) -> list[Step]:
    """The events of an alert, newest first."""
    return [
        Step(
            at=event.at,
            what=event.get_type_display(),
            severity=event.get_severity_display(),
            tone=TONES[event.severity],
            by=event.by or ("system" if event.type in lifecycle.AUTOMATIC else "API"),
            text=event.note or event.sentence,
        )
        for event in reversed(events)
    ]

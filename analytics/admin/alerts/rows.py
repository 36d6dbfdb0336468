"""What the pages of alerts say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from analytics.models import Alert, AlertEvent
from analytics.monitoring.alerts import REGISTRY
from trading import formatting
from trading.formatting import Cell

TONES = {"critical": "loss", "warning": "warn", "info": ""}
SNOOZES = {"1": "1 hour", "8": "8 hours", "24": "1 day", "168": "1 week"}
HIDDEN = ("picture", "limit")
WIDTH, HEIGHT = 600, 120


def title(alert: Alert) -> str:
    rule = REGISTRY.get(alert.kind)
    return rule.title if rule else formatting.label(alert.kind)


def about(alert: Alert) -> str:
    """What it is about: strategy and bot, the bot, or this installation."""
    if alert.instance_id:
        paper = ", paper" if alert.mode == "paper" else ""
        return f"{alert.instance.name} of {alert.bot.name}{paper}"
    return alert.bot.name if alert.bot_id else "This installation"


def card(alert: Alert) -> dict[str, Any]:
    """An alert on the first page."""
    return {
        "title": title(alert),
        "about": about(alert),
        "sentence": alert.sentence,
        "severity": alert.get_severity_display(),
        "tone": TONES[alert.severity],
        "state": alert.get_state_display(),
        "opened": alert.opened_at,
        "url": reverse("admin:analytics_alert_change", args=[alert.pk]),
    }


def facts(alert: Alert) -> list[tuple[str, Cell]]:
    found = [
        ("About", Cell(about(alert))),
        ("Opened (UTC)", formatting.moment(alert.opened_at)),
        ("Last found (UTC)", formatting.moment(alert.seen_at)),
    ]
    if alert.snoozed_until:
        found.append(("Snoozed until (UTC)", formatting.moment(alert.snoozed_until)))
    if alert.resolved_at:
        found.append(("Resolved (UTC)", formatting.moment(alert.resolved_at)))
    return found


def numbers(alert: Alert) -> list[tuple[str, Cell]]:
    """The evidence in words: names as labels, nested ones joined."""
    return [
        (formatting.label(name), Cell(_plain(value)))
        for name, value in alert.evidence.items()
        if name not in HIDDEN and value not in (None, {})
    ]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " to ".join(map(_plain, value)) if len(value) == 2 else ", ".join(map(_plain, value))
    if isinstance(value, float):
        value = float(f"{value:.4g}")
    return formatting.value(value)


def picture(alert: Alert) -> dict[str, Any] | None:
    """The curve of the evidence as points of a drawing, and its limit; None without two points."""
    values, limit = alert.evidence.get("picture") or [], alert.evidence.get("limit")
    if len(values) < 2:
        return None
    shown = [*values, *([] if limit is None else [limit])]
    low, high = min(shown), max(shown)
    scale = (HEIGHT - 8) / ((high - low) or 1)

    def y(value: float) -> float:
        return round(HEIGHT - 4 - (value - low) * scale, 1)

    step = WIDTH / (len(values) - 1)
    points = " ".join(f"{round(at * step, 1)},{y(value)}" for at, value in enumerate(values))
    return {
        "points": points,
        "limit": None if limit is None else y(limit),
        "low": _plain(float(low)),
        "high": _plain(float(high)),
        "last": _plain(float(values[-1])),
        "bound": None if limit is None else _plain(float(limit)),
    }


def history(events: Sequence[AlertEvent]) -> list[dict[str, Any]]:
    """The steps of its life, newest first."""
    return [
        {
            "at": event.at,
            "what": event.get_type_display(),
            "note": event.note,
            "severity": event.get_severity_display(),
            "tone": TONES[event.severity],
            "by": event.by or ("the watch" if event.type in WATCH else "a tool"),
            "sentence": event.sentence,
        }
        for event in reversed(events)
    ]


WATCH = ("opened", "escalated", "ended", "reopened")

"""Lists of alerts, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from analytics.models import Alert
from trading import clock


def newest(
    bot: Any,
    asked: Mapping[str, str | None],
    *,
    instances: Any = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[int, int] | None = None,
    limit: int = 100,
) -> tuple[list[Alert], Alert | None]:
    """Alerts of a bot, those that opened last first, and the last of them where there are more.

    ``asked``: state (or "active"), severity, mode, kind; None asks for all.
    """
    found = Alert.objects.filter(bot=bot).select_related("instance", "bot")
    for name, value in asked.items():
        if value == "active":
            found = found.exclude(state=Alert.State.RESOLVED)
        elif value is not None:
            found = found.filter(**{name: value})
    if instances is not None:
        found = found.filter(instance__in=instances)
    if since:
        found = found.filter(opened_at__gte=since)
    if until:
        found = found.filter(opened_at__lt=until)
    if before:
        at, key = clock.from_micros(before[0]), before[1]
        found = found.filter(Q(opened_at__lt=at) | Q(opened_at=at, pk__lt=key))
    rows = list(found.order_by("-opened_at", "-pk")[: limit + 1])
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


def before_key(alert: Alert) -> tuple[int, int]:
    """What names the place after this alert in a list."""
    return clock.to_micros(alert.opened_at), alert.pk

"""Lists of alerts, in pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from analytics.models import Alert
from trading import clock

if TYPE_CHECKING:
    from analytics.frames.reports import Bot, StrategyInstance


def newest(
    bot: Bot,
    filters: Mapping[str, str | None],
    *,
    instances: Iterable[StrategyInstance] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[int, int] | None = None,
    limit: int = 100,
) -> tuple[list[Alert], Alert | None]:
    """Alerts of a bot, the last opened first, and the last of the page where there are more.

    ``filters``: state (or "active"), severity, mode, kind; None for all.
    """
    alerts = Alert.objects.filter(bot=bot).select_related("instance", "bot")
    for name, value in filters.items():
        if value == "active":
            alerts = alerts.exclude(state=Alert.State.RESOLVED)
        elif value is not None:
            alerts = alerts.filter(**{name: value})
    if instances is not None:
        alerts = alerts.filter(instance__in=instances)
    if since:
        alerts = alerts.filter(opened_at__gte=since)
    if until:
        alerts = alerts.filter(opened_at__lt=until)
    if before:
        at, key = clock.from_micros(before[0]), before[1]
        alerts = alerts.filter(Q(opened_at__lt=at) | Q(opened_at=at, pk__lt=key))
    rows = list(alerts.order_by("-opened_at", "-pk")[: limit + 1])
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


def before_key(alert: Alert) -> tuple[int, int]:
    """The cursor that continues a list after this alert."""
    return clock.to_micros(alert.opened_at), alert.pk

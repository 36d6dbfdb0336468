"""When a bot was last seen, and the content of its latest heartbeat."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from trading import clock
from trading.db.best_effort import note
from trading.models import Bot

EVERY = timedelta(seconds=30)  # limits the writes of a bot that polls


def seen(bot: Bot) -> None:
    """Record a request of a bot as a sign of life."""
    now = clock.now()
    if bot.seen_at is None or not timedelta(0) <= now - bot.seen_at < EVERY:
        note(Bot.objects.filter(Q(seen_at=None) | Q(seen_at__lt=now), pk=bot.pk), seen_at=now)
        bot.seen_at = now


def beat(
    bot: Bot, reported: dict[str, Any], started_at: datetime | None, sent_at: datetime | None = None
) -> None:
    """Store a heartbeat; ``sent_at`` is the time on the bot's clock."""
    now = clock.now()
    if sent_at:
        reported = {**reported, "clock_ahead_seconds": round((sent_at - now).total_seconds(), 1)}
    changes: dict[str, Any] = {"seen_at": now, "reported": reported}
    if started_at:
        changes["started_at"] = started_at
    Bot.objects.filter(pk=bot.pk).update(**changes)

"""When a bot was last heard of, and what it said of itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from trading import clock
from trading.db.best_effort import note
from trading.models import Bot

EVERY = timedelta(seconds=30)  # a bot that asks each second must not write each second


def seen(bot: Bot) -> None:
    """Note that a bot asked for something."""
    now = clock.now()
    if bot.seen_at is None or not timedelta(0) <= now - bot.seen_at < EVERY:
        note(Bot.objects.filter(Q(seen_at=None) | Q(seen_at__lt=now), pk=bot.pk), seen_at=now)
        bot.seen_at = now


def beat(
    bot: Bot, reported: dict[str, Any], started_at: datetime | None, told: datetime | None = None
) -> None:
    """Keep what a heartbeat said; ``told`` is the time on the bot's clock when it was sent."""
    now = clock.now()
    if told:
        reported = {**reported, "clock_ahead_seconds": round((told - now).total_seconds(), 1)}
    changes: dict[str, Any] = {"seen_at": now, "reported": reported}
    if started_at:
        changes["started_at"] = started_at
    Bot.objects.filter(pk=bot.pk).update(**changes)

"""Bots whose days are reported."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from analytics import reports
from analytics.loop import daily
from analytics.models import Report
from analytics.reports import text
from tests.analytics.replays import EAGER, MARKET, stored
from tests.trading.story import MONDAY, make_bot
from trading.models import Bot, Origin, StrategyInstance
from trading.parameters import instance_for, promote

DAY = timedelta(days=1)
WEDNESDAY = date(2025, 3, 5)  # the candles of ``stored`` end on this day
LATE = MONDAY + 30 * DAY  # long after all of it
MUTED = {**EAGER, "rsi_momentum_strength": 50.0}  # no RSI is ever so far out


def idle(values=MUTED, bot: Bot | None = None) -> StrategyInstance:
    """rsi_bb with values that keep it from trading, over three days of candles."""
    stored()
    found = instance_for(bot or make_bot(), "rsi_bb")
    promote(
        instance=found,
        values=values,
        reason="Quieter",
        origin=Origin.ADMIN,
        live_from=MONDAY - 30 * DAY,
    )
    return found


def report(bot: Bot, day: date = WEDNESDAY, now: datetime = LATE, **more) -> Report:
    return daily.write_one(bot, more.pop("kind", "day"), day, now, **more)[0]


def as_text(stored: Report) -> str:
    """A stored report with its recommendations as plain text."""
    recommendations = reports.recommendations_from_json(stored.recommendations)
    return text.text(reports.from_json(stored.data), recommendations)


__all__ = ["DAY", "LATE", "MARKET", "MUTED", "WEDNESDAY", "as_text", "idle", "report"]

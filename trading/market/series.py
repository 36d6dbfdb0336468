"""Lists the stored candle series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trading.models import Bot, CandleSeries


@dataclass(frozen=True, slots=True)
class Stored:
    """A series that has candles: a bot's own, or shared by all."""

    market: str
    interval: int
    candles: int
    first_at: datetime
    last_at: datetime
    own: bool


def owner(market: str) -> str | None:
    """The first bot by name that has its own candles of a market; None if no bot has."""
    own = CandleSeries.objects.stored().filter(bot__isnull=False, market__name=market)
    return own.order_by("bot__name").values_list("bot__name", flat=True).first()


def stored(bot: Bot | None) -> list[Stored]:
    """The series that backtests of a bot can read, by market and interval. Without a bot: shared
    series only."""
    visible = CandleSeries.objects.visible_to(bot).stored().select_related("market")
    return [
        Stored(
            series.market.name,
            series.interval,
            series.candles,
            series.first_at,
            series.last_at,
            series.bot_id is not None,
        )
        for series in visible.order_by("market__name", "interval", "bot")
    ]

"""Which candles are stored: for whoever asks for some that are not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

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
    """The name of a bot that has candles of a market for itself."""
    found = CandleSeries.objects.filter(bot__isnull=False, market__name=market, candles__gt=0)
    return found.order_by("bot__name").values_list("bot__name", flat=True).first()


def stored(bot: Bot | None) -> list[Stored]:
    """What a replay for a bot may read, by market and interval; without a bot the shared ones."""
    mine = Q(bot=None) if bot is None else Q(bot=None) | Q(bot=bot)
    found = CandleSeries.objects.filter(mine, candles__gt=0).select_related("market")
    return [
        Stored(
            one.market.name,
            one.interval,
            one.candles,
            one.first_at,
            one.last_at,
            one.bot_id is not None,
        )
        for one in found.order_by("market__name", "interval", "bot")
    ]

"""Histories of trades in which something goes wrong at the end, and nothing else does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from tests.trading.story import MONDAY, trade
from trading.ingest import store_trades
from trading.ingest.trade_schema import TradeIn
from trading.models import Bot

DAY = timedelta(days=1)
PER_DAY = 8
REASONS = ("take_profit", "stop_loss", "time_stop")


def closed(
    number: int, at: datetime, result: float, reason: str = "take_profit", **more
) -> TradeIn:
    """A trade that made ``result`` percent of what it bought for 100, its stop 1 % away."""
    seconds = at.timestamp()
    return trade(
        id=f"h-{number}",
        entry_price=100,
        exit_price=round(100 * (1 + result / 100), 6),
        size=1,
        entry_time=seconds - 600,
        exit_time=seconds,
        exit_reason=reason,
        **{"stop_loss": 99, "fee": 0, **more},
    )


def days(
    count: int,
    *,
    start: datetime = MONDAY,
    mean: float = 0.3,
    seed: int = 1,
    first: int = 0,
    per_day: int = PER_DAY,
    reasons: Sequence[str] = REASONS,
    sd: float = 1.0,
    **more,
) -> list[TradeIn]:
    """``per_day`` trades at even hours of each day, results normal around ``mean`` percent."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count * per_day):
        day, place = divmod(number, per_day)
        at = start + day * DAY + timedelta(hours=(place + 0.5) * 24 / per_day)
        reason = str(rng.choice(list(reasons)))
        found.append(closed(first + number, at, float(rng.normal(mean, sd)), reason, **more))
    return found


def keep(bot: Bot, trades: Sequence[TradeIn]) -> None:
    """Store them; none may be refused."""
    for at in range(0, len(trades), 1_000):
        outcome = store_trades(bot, trades[at : at + 1_000])
        assert outcome.rejected == []

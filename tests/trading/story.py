"""One story for all tests: a bot, two parameter sets, and a week of trades.

Mara trades two strategies on two markets from Monday 3 March 2025. On Wednesday noon the second
set of her rsi_bb goes live; by Thursday week everything is in.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from trading import clock, parameters
from trading.ingest.trade_schema import TradeIn
from trading.models import Bot, Origin, ParameterSet, RollupDay, Trade, TradeContext
from trading.rollups import rebuild

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
WEDNESDAY_NOON = MONDAY + timedelta(days=2, hours=12)
NOW = MONDAY + timedelta(days=10)
MONDAY_SECONDS = int(MONDAY.timestamp())


def make_bot(name: str = "Mara") -> Bot:
    return Bot.objects.create(name=name)


def payload(**changes: Any) -> dict[str, Any]:
    """A sound trade as a bot sends it: long from 100 to 102 for an hour on Monday."""
    return {
        "id": "t-1",
        "strategy": "rsi_bb",
        "market": "BTC-PERP",
        "side": "long",
        "entry_price": 100,
        "exit_price": 102,
        "size": 0.5,
        "entry_time": MONDAY_SECONDS + 3600,
        "exit_time": MONDAY_SECONDS + 7200,
        "exit_reason": "take_profit",
    } | changes


def trade(**changes: Any) -> TradeIn:
    return msgspec.convert(payload(**changes), TradeIn)


def week(size: int = 60, seed: int = 1) -> list[TradeIn]:
    """Trades of seven days, in no order, some in the same second."""
    rng = random.Random(seed)
    trades = []
    for number in range(size):
        closed = MONDAY_SECONDS + rng.choice([rng.randrange(7 * 86_400), 40_000, 40_001])
        entry = round(100 + rng.gauss(0, 5), 2)
        trades.append(
            trade(
                id=f"t-{number}",
                strategy=rng.choice(["rsi_bb", "rsi_bb", "renko_ao"]),
                market=rng.choice(["BTC-PERP", "ETH/USDT:USDT"]),
                side=rng.choice(["long", "short"]),
                entry_price=entry,
                exit_price=round(entry * (1 + rng.gauss(0, 0.01)), 2),
                size=rng.choice([0.1, 0.25, 3]),
                fee=round(rng.random() / 100, 6),
                entry_time=closed - rng.randrange(1, 20_000),
                exit_time=closed,
                exit_reason=rng.choice(["take_profit", "stop_loss", "time_stop"]),
                mode=rng.choice(["live", "live", "live", "paper"]),
            )
        )
    return trades


def correction(original: TradeIn, revision: int, **changes: Any) -> TradeIn:
    return msgspec.structs.replace(original, revision=revision, **changes)


def two_sets(bot: Bot, name: str = "rsi_bb") -> tuple[ParameterSet, ParameterSet]:
    """The set live from Monday, and the one live from Wednesday noon."""
    with clock.at(MONDAY):
        instance = parameters.instance_for(bot, name)
    with clock.at(WEDNESDAY_NOON):
        second = parameters.promote(
            instance=instance,
            values={"max_hold_minutes": 5},
            origin=Origin.ADMIN,
            reason="Hold a little longer",
        )
    return instance.parameter_sets.get(version=1), second


def sums(bot: Bot) -> dict[tuple, tuple[bytes, bytes]]:
    """Every rollup row of a bot under names that any database would give it."""
    found = RollupDay.objects.filter(scope__instance__bot=bot).values_list(
        "scope__instance__strategy",
        "scope__instance__label",
        "scope__kind",
        "scope__market__name",
        "scope__parameter_set__version",
        "scope__mode",
        "scope__currency",
        "day",
        "tally",
        "hours",
    )
    return {row[:-2]: (bytes(row[-2]), bytes(row[-1])) for row in found}


def rebuilt(bot: Bot) -> dict[tuple, tuple[bytes, bytes]]:
    """The rollups after computing them anew from the trades."""
    for instance in bot.instances.all():
        rebuild.instance(instance)
    return sums(bot)


def stored(bot: Bot) -> dict[str, tuple]:
    """Every trade of a bot with its context, but for keys and the time of storing."""
    names = [
        field.name
        for field in Trade._meta.concrete_fields
        if field.name not in ("id", "bot", "book", "parameter_set", "stored_at")
    ]
    book = ("book__instance__strategy", "book__market__name", "book__mode", "book__currency")
    context = [
        f"context__{field.name}"
        for field in TradeContext._meta.concrete_fields
        if field.name != "trade"
    ]
    found = Trade.objects.filter(bot=bot).values_list(
        "external_id", *names, *book, "parameter_set__version", *context
    )
    return {row[0]: row[1:] for row in found}

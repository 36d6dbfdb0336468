"""Renko bricks as reported by bots: validated, stored, and read back in ascending order."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from trading import clock
from trading.bots.catalog import Declared
from trading.db import bulk, locks
from trading.db.counts import Counts
from trading.models import Bot, Market, RenkoBrick, StrategyInstance
from trading.parameters import instance_for
from trading.validation import fields, limits
from trading.validation.errors import Invalid
from trading.validation.fields import Errors

_COLUMNS = (
    "instance_id",
    "market_id",
    "sequence",
    "open_at",
    "close_at",
    "open",
    "close",
    "direction",
    "high",
    "low",
    "size",
)
_DIRECTIONS = {1: 1, -1: -1, "up": 1, "down": -1}
_LOW, _HIGH = 1e-12, 1e12


def check(bot: Bot, strategy: str, market: str) -> None:
    """Raises Invalid for a strategy or market that bricks cannot belong to."""
    errors: Errors = {}
    fields.strategy(strategy, Declared(bot), errors)
    fields.pattern("market", market, limits.MARKET, errors)
    if errors:
        raise Invalid(errors)


def read(brick: Any) -> tuple[Any, ...] | Errors:
    """The columns of a brick (the fields of the API's BrickIn) from sequence on, or its errors.

    Bricks are taken as the bot draws them: open and close need neither lie within high and low
    nor agree with the direction, which some bots tell by the move before.
    """
    errors: Errors = {}
    opened, closed = times = [
        fields.moment(name, getattr(brick, name), errors) for name in ("open_time", "close_time")
    ]
    if opened is not None and closed is not None and closed < opened:
        errors["close_time"] = ["is before open_time"]
    fields.past("close_time", times[1], errors)
    prices = {
        name: fields.number(name, getattr(brick, name), errors, _LOW, _HIGH)
        for name in ("open", "close", "high", "low", "size")
    }
    if brick.direction not in _DIRECTIONS:
        errors["direction"] = ["must be 1 or -1, up or down"]
    if not errors and brick.high < brick.low:
        errors["high"] = ["is below low"]
    fields.integer("sequence", brick.sequence, errors)
    if errors:
        return errors
    return (
        brick.sequence,
        *times,
        prices["open"],
        prices["close"],
        _DIRECTIONS[brick.direction],
        prices["high"],
        prices["low"],
        prices["size"],
    )


def store(bot: Bot, strategy: str, market: str, rows: list[tuple[Any, ...]]) -> Counts:
    """Store validated bricks. A brick with a stored sequence number replaces the stored one."""
    counts = Counts()
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        instance = instance_for(bot, strategy)
        place, _ = Market.objects.get_or_create(name=market)
        newest = {row[0]: row for row in rows}
        counts.unchanged = len(rows) - len(newest)
        stored = _stored(instance, place, list(newest))
        changed = [row for row in newest.values() if stored.get(row[0]) != row]
        counts.updated = sum(row[0] in stored for row in changed)
        counts.stored = len(changed) - counts.updated
        counts.unchanged += len(newest) - len(changed)
        bulk.upsert(
            RenkoBrick,
            _COLUMNS,
            [(instance.pk, place.pk, *row) for row in changed],
            conflict=_COLUMNS[:3],
            update=_COLUMNS[3:],
        )
    return counts


def _stored(
    instance: StrategyInstance, market: Market, sequences: list[int]
) -> dict[int, tuple[Any, ...]]:
    rows = RenkoBrick.objects.filter(instance=instance, market=market, sequence__in=sequences)
    return {
        row[0]: (row[0], *map(clock.to_micros, row[1:3]), *row[3:])
        for row in rows.values_list(*_COLUMNS[2:])
    }


def newest(instance: StrategyInstance, market: Market, limit: int) -> list[RenkoBrick]:
    """The newest bricks of a series, ascending."""
    return RenkoBrick.objects.filter(instance=instance, market=market).newest(limit)


def find(bot: Bot, strategy: str, label: str, market: str, limit: int) -> list[RenkoBrick]:
    """The newest bricks of a series given by names, ascending. Creates no rows."""
    bricks = RenkoBrick.objects.filter(
        instance__bot=bot, instance__strategy=strategy, instance__label=label, market__name=market
    )
    return bricks.newest(limit)


def newest_of_each(bot: Bot, limit: int) -> list[tuple[StrategyInstance, Market, list[RenkoBrick]]]:
    """The newest bricks of every series of a bot."""
    series = []
    for instance in bot.instances.order_by("strategy", "label"):
        for market in Market.objects.filter(
            pk__in=RenkoBrick.objects.filter(instance=instance)
            .order_by()
            .values("market")
            .distinct()
        ):
            series.append((instance, market, newest(instance, market, limit)))
    return series

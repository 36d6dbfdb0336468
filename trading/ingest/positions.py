"""Open positions, as bots report them: the newest report wins, whatever order they come in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from msgspec import Meta

from trading import clock
from trading.bots.catalog import Declared
from trading.db import bulk, locks
from trading.models import Bot, ClosedPosition, Market, Position, StrategyInstance, Trade
from trading.parameters import instance_for
from trading.validation import field_types as types
from trading.validation import fields, limits
from trading.validation.errors import Invalid, Stale
from trading.validation.fields import Errors

_COLUMNS = (
    "instance_id",
    "market_id",
    "side",
    "entry_price",
    "size",
    "stop_loss",
    "take_profit",
    "entry_at",
    "as_of",
    "order_id",
    "initial_size",
    "scaled_entries",
    "extra",
)


class PositionReport(msgspec.Struct, forbid_unknown_fields=True):
    """The wire form; ``put`` checks the values."""

    strategy: types.StrategyName
    market: types.Market
    side: types.Side
    entry_price: types.Positive
    size: types.Positive
    entry_time: types.Time
    as_of: types.AsOf
    stop_loss: types.Positive | None = None
    take_profit: types.Positive | None = None
    order_id: Annotated[str, types.matching(r"[!-~]{0,64}")] = ""
    initial_size: types.Positive | None = None
    scaled_entries: Annotated[list[types.Json], Meta(extra_json_schema={"maxItems": 1_000})] = []
    extra: types.OpenObject = {}


def put(bot: Bot, report: PositionReport) -> tuple[Position, bool]:
    """Store a position by its report; True where it is new.

    The same report again changes nothing. Raises Invalid, and Stale for one that is older than
    what is stored, of the same moment with other content, or older than the trade or the word of
    the bot that closed it.
    """
    position = _read(bot, report)
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        position.instance = instance_for(bot, report.strategy)
        position.market, _ = Market.objects.get_or_create(name=report.market)
        stored = _among(position.instance, report.market).first()
        if stored and not stored.as_of < position.as_of:
            if not _same(stored, position):
                raise Stale(stored)
            return stored, False
        if stored is None and _closed_since(position):
            raise Stale(None)
        values = [_value(position, name) for name in _COLUMNS]
        bulk.upsert(
            Position, _COLUMNS, [values], conflict=_COLUMNS[:2], update=_COLUMNS[2:], newer="as_of"
        )
        return _among(position.instance, report.market).get(), stored is None


def close(bot: Bot, strategy: str, market: str, as_of: datetime | None = None) -> bool:
    """Forget a position that is no longer open at ``as_of``; False where there was none.

    A report up to that moment (None: up to the stored one's) does not bring it back, however late
    it comes. Raises UnknownStrategy, Invalid, and Stale where a newer report is stored.
    """
    errors: Errors = {}
    fields.past("as_of", None if as_of is None else clock.to_micros(as_of), errors)
    if errors:
        raise Invalid(errors)
    Declared(bot).find(strategy)
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        stored = _of_market(bot, strategy, market)
        if stored and as_of and stored.as_of > as_of:
            raise Stale(stored)
        closed_at = as_of or (stored.as_of if stored else None)
        if closed_at:
            _remember_closed(bot, strategy, market, closed_at)
        if stored:
            stored.delete()
    return stored is not None


def _of_market(bot: Bot, strategy: str, market: str) -> Position | None:
    key, label, _ = Declared(bot).find(strategy)
    positions = Position.objects.filter(
        instance__bot=bot, instance__strategy=key, instance__label=label, market__name=market
    )
    return positions.select_related("instance", "market").first()


def _remember_closed(bot: Bot, strategy: str, market: str, as_of: datetime) -> None:
    place, _ = Market.objects.get_or_create(name=market)
    bulk.upsert(
        ClosedPosition,
        ("instance_id", "market_id", "as_of"),
        [(instance_for(bot, strategy).pk, place.pk, clock.to_micros(as_of))],
        conflict=("instance_id", "market_id"),
        update=("as_of",),
        newer="as_of",
    )


def of(bot: Bot) -> list[Position]:
    """All open positions of a bot, ordered by strategy and market."""
    positions = Position.objects.filter(instance__bot=bot).select_related("instance", "market")
    return list(positions.order_by("instance__strategy", "instance__label", "market__name"))


def _read(bot: Bot, report: PositionReport) -> Position:
    errors: Errors = {}
    fields.strategy(report.strategy, Declared(bot), errors)
    fields.pattern("market", report.market, limits.MARKET, errors)
    entry_at = fields.moment("entry_time", report.entry_time, errors)
    as_of = fields.moment("as_of", report.as_of, errors)
    fields.past("entry_time", entry_at, errors)
    fields.past("as_of", as_of, errors)
    if report.order_id:
        fields.pattern("order_id", report.order_id, limits.ID, errors)
    amounts = {
        name: fields.decimal(name, getattr(report, name), errors, positive=True)
        for name in ("entry_price", "size", "stop_loss", "take_profit", "initial_size")
    }
    position = Position(
        side=fields.choice("side", report.side, ("long", "short"), errors),
        order_id=report.order_id,
        scaled_entries=fields.json_value("scaled_entries", report.scaled_entries, errors),
        extra=fields.json_value("extra", report.extra, errors),
        **amounts,
    )
    if errors or entry_at is None or as_of is None:
        raise Invalid(errors)
    position.entry_at, position.as_of = clock.from_micros(entry_at), clock.from_micros(as_of)
    return position


def _among(instance: StrategyInstance, market: str) -> QuerySet[Position]:
    """The position of an instance in a market: one row or none."""
    positions = Position.objects.filter(instance=instance, market__name=market)
    return positions.select_related("instance", "market")


def _closed_since(position: Position) -> bool:
    """Whether the bot said that it holds none, or a trade closed this very position, after the
    moment that the report speaks of."""
    closed = ClosedPosition.objects.filter(
        instance=position.instance, market=position.market, as_of__gte=position.as_of
    )
    return (
        closed.exists()
        or Trade.objects.filter(
            book__instance=position.instance,
            book__market=position.market,
            side=position.side,
            entry_at=position.entry_at,
            exit_at__gt=position.as_of,
        ).exists()
    )


def _same(stored: Position, position: Position) -> bool:
    return all(
        limits.same_json(getattr(stored, name), getattr(position, name))
        if name in ("scaled_entries", "extra")
        else getattr(stored, name) == getattr(position, name)
        for name in _COLUMNS
    )


def _value(position: Position, name: str) -> Any:
    value = getattr(position, name)
    if isinstance(value, Decimal):
        return bulk.decimal(value)
    if name in ("entry_at", "as_of"):
        return clock.to_micros(value)
    return bulk.json(value) if name in ("scaled_entries", "extra") else value

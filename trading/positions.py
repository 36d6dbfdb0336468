"""Open positions, as bots report them: the newest report wins, whatever order they come in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading import bulk, candles, clock
from trading.models import Bot, Position, Side, StateEntry
from trading.numbers import amount
from trading.selection import Selection

_COLUMNS = (
    "instance_id", "market_id", "side", "entry_price", "size", "stop_loss", "take_profit",
    "entry_at", "as_of", "order_id", "initial_size", "scaled_entries", "extra",
)  # fmt: skip


def put(positions: Sequence[Position]) -> None:
    """Store positions, each replacing its instance's on that market if its report is newer."""
    rows = []
    for position in positions:
        position.clean_fields(exclude=("scaled_entries", "extra"))
        rows.append(
            (
                position.instance_id, position.market_id, position.side,
                *(bulk.decimal(getattr(position, name)) for name in _COLUMNS[3:7]),
                clock.to_micros(position.entry_at), clock.to_micros(position.as_of),
                position.order_id, bulk.decimal(position.initial_size),
                bulk.json(position.scaled_entries), bulk.json(position.extra),
            )
        )  # fmt: skip
    bulk.upsert(
        Position, _COLUMNS, rows, conflict=("instance_id", "market_id"),
        update=_COLUMNS[2:], newer="as_of",
    )  # fmt: skip


def put_state(bot: Bot, key: str, value: object, as_of) -> None:
    """Keep a JSON value under a bot's key, unless a newer one is there."""
    row = (bot.pk, key, bulk.json(value), clock.to_micros(as_of), clock.now())
    bulk.upsert(
        StateEntry, ("bot_id", "key", "value", "as_of", "updated_at"), [row],
        conflict=("bot_id", "key"), update=("value", "as_of", "updated_at"), newer="as_of",
    )  # fmt: skip


def open_positions(selection: Selection, by: str | None = None, key: str | None = None) -> dict:
    """How many positions of a selection are open, and their PnL at the newest candle's close.

    ``by`` strategy or market narrows to that ``key``. ``open_pnl`` is None where there is none or
    where the market of one has no candles; positions carry no currency and no mode of their own.
    """
    found = Position.objects.filter(instance__in=selection.instances())
    if selection.market:
        found = found.filter(market__name=selection.market)
    opened = [
        position
        for position in found.select_related("instance__bot", "market")
        if by is None
        or key == (position.instance.name if by == "strategy" else position.market.name)
    ]
    results = [_open_pnl(position) for position in opened]
    total = sum(results) if results and None not in results else None
    return {"open_positions": len(opened), "open_pnl": total}


def _open_pnl(position: Position) -> Decimal | None:
    price = candles.newest_close(position.instance.bot, position.market)
    if price is None:
        return None
    gain = (amount(price) - position.entry_price) * position.size
    return gain if position.side == Side.LONG else -gain

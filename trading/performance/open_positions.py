"""Open positions of a selection and their PnL at the newest price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trading.ledger.amounts import amount
from trading.market import candles
from trading.models import Position, Side
from trading.performance.selection import Selection


def open_positions(
    selection: Selection, by: str | None = None, key: str | None = None
) -> dict[str, Any]:
    """``open_positions`` and ``open_pnl``, their total PnL at the newest candle's close.

    ``by`` strategy or market narrows to that ``key``. ``open_pnl`` is None without positions or
    if a market has no candles; positions have neither a currency nor a mode.
    """
    positions = Position.objects.filter(instance__in=selection.instances())
    if selection.market:
        positions = positions.filter(market__name=selection.market)
    opened = [
        position
        for position in positions.select_related("instance__bot", "market")
        if by is None
        or key == (position.instance.name if by == "strategy" else position.market.name)
    ]
    results = [_open_pnl(position) for position in opened]
    known = [result for result in results if result is not None]
    total = sum(known) if known and len(known) == len(results) else None
    return {"open_positions": len(opened), "open_pnl": total}


def _open_pnl(position: Position) -> Decimal | None:
    price = candles.newest_close(position.instance.bot, position.market)
    if price is None:
        return None
    gain: Decimal = (amount(price) - position.entry_price) * position.size
    return gain if position.side == Side.LONG else -gain

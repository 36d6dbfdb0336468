"""Records as the API writes them: times in UTC, amounts as strings, metrics as numbers."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from trading import clock
from trading.ledger.amounts import plain
from trading.market.candles import Candles
from trading.models import CandleSeries, Position, RenkoBrick, StateEntry, Trade
from trading.parameters.served import Answer


def encode(data: Any) -> bytes:
    try:
        return msgspec.json.encode(data, enc_hook=_other)
    except UnicodeEncodeError:
        # An error may quote a name that is no Unicode text.
        text = json.dumps(data, default=_other, ensure_ascii=False)
        return text.encode("utf-8", "replace")


def _other(value: Any) -> Any:
    # DRF's own errors are strings and lists of a subclass; numpy's numbers come from metrics.
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    return str(value)


def time(moment: datetime | None) -> str | None:
    """ISO 8601, UTC, microseconds."""
    return None if moment is None else clock.to_text(moment)


def amount(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def trade(row: Trade) -> dict[str, Any]:
    book = row.book
    return {
        "id": row.external_id,
        "strategy": book.instance.name,
        "market": book.market.name,
        "side": row.side,
        "entry_price": amount(row.entry_price),
        "exit_price": amount(row.exit_price),
        "size": amount(row.size),
        "entry_time": time(row.entry_at),
        "exit_time": time(row.exit_at),
        "exit_reason": row.exit_reason,
        "pnl_pct": row.pnl_pct,
        "pnl": amount(row.pnl),
        "fee": amount(row.fee),
        "stop_loss": amount(row.stop_loss),
        "parameter_set": row.parameter_set.version if row.parameter_set else None,
        "arm": row.arm or None,
        "mode": book.mode,
        "tag": row.tag,
        "currency": book.currency,
        "leverage": row.leverage,
        "flagged": row.flagged,
        "revision": row.revision,
        "context": _context(row),
    }


def _context(row: Trade) -> dict[str, Any] | None:
    found = getattr(row, "context", None)
    if found is None:
        return None
    common = {
        field.name: getattr(found, field.name)
        for field in found._meta.concrete_fields
        if field.name not in ("trade", "features", "other")
    }
    kept = {name: value for name, value in common.items() if value not in (None, "")}
    return kept | found.features | found.other


def position(row: Position) -> dict[str, Any]:
    return {
        "strategy": row.instance.name,
        "market": row.market.name,
        "side": row.side,
        "entry_price": amount(row.entry_price),
        "size": amount(row.size),
        "stop_loss": amount(row.stop_loss),
        "take_profit": amount(row.take_profit),
        "entry_time": time(row.entry_at),
        "as_of": time(row.as_of),
        "order_id": row.order_id,
        "initial_size": amount(row.initial_size),
        "scaled_entries": row.scaled_entries,
        "extra": row.extra,
    }


def series(row: CandleSeries, found: Candles) -> dict[str, Any]:
    return {"market": row.market.name, "interval": row.interval, "candles": candles(found)}


def candles(found: Candles) -> list[list[Any]]:
    """[[open_time (epoch seconds), open, high, low, close, volume or null], ...]."""
    volume = [None if np.isnan(value) else value for value in found.volume.tolist()]
    columns = (found.open_time, found.open, found.high, found.low, found.close)
    return [list(row) for row in zip(*(column.tolist() for column in columns), volume, strict=True)]


def brick(row: RenkoBrick) -> dict[str, Any]:
    return {
        "sequence": row.sequence,
        "open_time": time(row.open_at),
        "close_time": time(row.close_at),
        "open": row.open,
        "close": row.close,
        "direction": row.direction,
        "high": row.high,
        "low": row.low,
        "size": row.size,
    }


def entry(row: StateEntry) -> dict[str, Any]:
    return {"key": row.key, "value": row.value, "as_of": time(row.as_of)}


def told(answer: Answer) -> dict[str, Any]:
    return answer.content()

"""A trade as a CSV row: its columns, the common context, and the rest as JSON."""

from __future__ import annotations

import json
from typing import Any

from trading.models import Trade
from trading.strategies.common import COMMON_CONTEXT

CONTEXT = tuple(feature.name for feature in COMMON_CONTEXT)
HEADER = (
    "id",
    "bot",
    "strategy",
    "market",
    "mode",
    "currency",
    "side",
    "entry_time",
    "exit_time",
    "entry_price",
    "exit_price",
    "size",
    "stop_loss",
    "leverage",
    "pnl_pct",
    "pnl",
    "fee",
    "exit_reason",
    "parameter_set",
    "reported_version",
    "arm",
    "tag",
    "flagged",
    "revision",
    *CONTEXT,
    "features",
    "other",
)


def trade_row(trade: Trade) -> list[Any]:
    """Values in the order of ``HEADER``; unknown values are empty."""
    book = trade.book
    context = getattr(trade, "context", None)
    version = trade.parameter_set.version if trade.parameter_set else None
    return [
        trade.external_id,
        book.instance.bot.name,
        book.instance.name,
        book.market.name,
        book.mode,
        book.currency,
        trade.side,
        trade.entry_at.isoformat(),
        trade.exit_at.isoformat(),
        trade.entry_price,
        trade.exit_price,
        trade.size,
        trade.stop_loss,
        trade.leverage,
        trade.pnl_pct,
        trade.pnl,
        trade.fee,
        trade.exit_reason,
        version,
        trade.reported_version,
        trade.arm,
        trade.tag,
        trade.flagged,
        trade.revision,
        *((getattr(context, name) for name in CONTEXT) if context else [None] * len(CONTEXT)),
        json.dumps(context.features) if context else None,
        json.dumps(context.other) if context else None,
    ]

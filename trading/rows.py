"""Trades as rows: written, and kept as they were when they are corrected."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter

import numpy as np

from trading import attribution, books, bulk, clock, columns, rollups
from trading.books import BookKey
from trading.columns import Rows
from trading.context import Context
from trading.ledger.tally import Trades
from trading.models import Bot, Trade, TradeContext, TradeRevision
from trading.records import TradeRow
from trading.rollups import Place
from trading.strategies.common import COMMON_CONTEXT


def place(book: int, parameter_set: int | None, exit_at: int | datetime) -> Place:
    """Where a trade counts; its exit in microseconds or as a datetime."""
    micros = exit_at if isinstance(exit_at, int) else clock.to_micros(exit_at)
    return Place(book, parameter_set or columns.UNKNOWN_SET, micros // rollups.HOUR)


def trades(bot: Bot, written: list[tuple[int, TradeRow]]) -> list[Place]:
    """Upsert trades and their contexts under their ids; returns where each counts."""
    keys = {_book_of(row) for _, row in written}
    known = books.find(bot, (BookKey(*key) for key in keys))
    found = {key: known[BookKey(*key)] for key in keys}
    lines = attribution.timelines(book.instance for book in known.values())
    now = clock.to_micros(clock.now())
    money = bulk.decimals()
    values, places, contexts = [], [], []
    for id_, row in written:
        book = found[_book_of(row)]
        made_by = lines[book.instance].at(row.entry_at, row.reported_version)
        places.append(place(book.id, made_by, row.exit_at))
        values.append((id_, bot.pk, book.id, made_by, *_fields(row, money), now))
        if row.context:
            contexts.append((id_, row.context))
    bulk.upsert(
        Trade, _COLUMNS, values, conflict=("bot_id", "external_id"), newer="revision",
        update=[name for name in _COLUMNS if name not in _KEPT],
    )  # fmt: skip
    _write_contexts(contexts)
    return places


_ROW = (
    "external_id", "side", "entry_price", "exit_price", "size", "stop_loss", "leverage",
    "entry_at", "exit_at", "exit_reason", "pnl_pct", "pnl", "fee", "reported_version", "arm",
    "tag", "flagged", "revision", "digest",
)  # fmt: skip
_get = attrgetter(*_ROW)
_book_of = attrgetter("strategy", "label", "market", "mode", "currency")
_MONEY = [
    _ROW.index(name) for name in ("entry_price", "exit_price", "size", "stop_loss", "pnl", "fee")
]
_COLUMNS = ("id", "bot_id", "book_id", "parameter_set_id", *_ROW, "stored_at")
_KEPT = {"id", "bot_id", "external_id", "stored_at"}
_CONTEXT = [feature.name for feature in COMMON_CONTEXT]
_ABSENT = ["" if feature.kind == "category" else None for feature in COMMON_CONTEXT]


def _fields(row: TradeRow, money: Callable | None) -> list[object]:
    values = list(_get(row))
    if money:
        for at in _MONEY:
            if values[at] is not None:
                values[at] = money(values[at])
    return values


def _write_contexts(contexts: list[tuple[int, Context]]) -> None:
    rows = [
        (
            id_,
            *map(context.common.get, _CONTEXT, _ABSENT),
            bulk.json(context.features),
            bulk.json(context.other),
        )
        for id_, context in contexts
    ]
    names = ("trade_id", *_CONTEXT, "features", "other")
    bulk.upsert(TradeContext, names, rows, conflict=("trade_id",), update=names[1:])


def columns_of(rows: list[TradeRow], places: list[Place]) -> Rows:
    def ints(values) -> np.ndarray:
        return np.fromiter(values, np.int64, len(rows))

    def floats(values) -> np.ndarray:
        return np.fromiter(values, np.float64, len(rows))

    return Rows(
        ints(place.book for place in places),
        ints(place.parameter_set for place in places),
        Trades(
            ints(row.exit_at for row in rows),
            ints(row.exit_at - row.entry_at for row in rows),
            floats(row.pnl_pct for row in rows),
            floats(row.pnl for row in rows),
            floats(math.nan if row.fee is None else row.fee for row in rows),
        ),
    )


def keep_old(ids: list[int]) -> None:
    """Keep what trades said until now, before corrections replace them."""
    now = clock.now()
    TradeRevision.objects.bulk_create(
        TradeRevision(
            trade=trade, revision=trade.revision, content=_content(trade), replaced_at=now
        )
        for trade in Trade.objects.filter(pk__in=ids).select_related(
            "book__market", "book__instance", "context"
        )
    )


def _content(trade: Trade) -> dict:
    content = {
        name: bulk.plain(getattr(trade, name))
        for name in _ROW
        if name not in ("external_id", "digest", "revision")
    }
    book = trade.book
    content |= {
        "strategy": book.instance.name, "market": book.market.name,
        "mode": book.mode, "currency": book.currency,
    }  # fmt: skip
    context = getattr(trade, "context", None)
    if context:
        content["context"] = {name: getattr(context, name) for name in _CONTEXT}
        content["context"] |= {"features": context.features, "other": context.other}
    return content

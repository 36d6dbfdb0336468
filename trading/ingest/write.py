"""Trades as rows: inserted, corrected, and the old content of a correction kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from trading import clock
from trading.assignment import attribution
from trading.clock import HOUR
from trading.db import bulk
from trading.ingest import books
from trading.ingest.books import BookKey
from trading.ingest.valid_trades import ValidTrades
from trading.ledger.tally import Trades
from trading.models import Bot, Trade, TradeContext, TradeRevision
from trading.rollups.trade_arrays import UNKNOWN_SET, Rows
from trading.rollups.update import Place
from trading.strategies.common import COMMON_CONTEXT


def place(book: int, parameter_set: int | None, exit_at: int | datetime) -> Place:
    """Where a trade counts; its exit in microseconds or as a datetime."""
    micros = exit_at if isinstance(exit_at, int) else clock.to_micros(exit_at)
    return Place(book, parameter_set or UNKNOWN_SET, micros // HOUR)


class Places(NamedTuple):
    """The book and the parameter set (0: unknown) of each trade."""

    books: list[int]
    sets: list[int]


def places(bot: Bot, trades: ValidTrades) -> Places:
    """Book and parameter set of each trade; books are created where missing."""
    keys = [BookKey(*row) for row in zip(*(trades[name] for name in _BOOK), strict=True)]
    of_key = books.find(bot, keys)
    timelines = attribution.timelines({book.instance for book in of_key.values()})
    sets = [
        timelines[of_key[key].instance].at(entry_at, version)
        for key, entry_at, version in zip(
            keys, trades["entry_at"], trades["reported_version"], strict=True
        )
    ]
    return Places([of_key[key].id for key in keys], [id_ or UNKNOWN_SET for id_ in sets])


def insert(bot: Bot, trades: ValidTrades, places: Places) -> Rows:
    """Write new trades and their contexts; returns them as the sums take them."""
    ids = bulk.reserve_ids(Trade, len(trades))
    bulk.insert(Trade, _columns(bot, ids, trades, places))
    bulk.insert(TradeContext, _contexts(ids, trades))
    return _rows(trades, places)


def replace(bot: Bot, ids: list[int], trades: ValidTrades, places: Places) -> None:
    """Write corrections over the stored trades of these ids."""
    columns = _columns(bot, ids, trades, places)
    bulk.upsert(
        Trade,
        list(columns),
        list(zip(*columns.values(), strict=True)),
        conflict=("bot_id", "external_id"),
        newer="revision",
        update=[name for name in columns if name not in _KEPT],
    )
    contexts = _contexts(ids, trades)
    bulk.upsert(
        TradeContext,
        list(contexts),
        list(zip(*contexts.values(), strict=True)),
        conflict=("trade_id",),
        update=[name for name in contexts if name != "trade_id"],
    )
    # A correction replaces everything: without a context, the stored one goes.
    bare = [id_ for id_, context in zip(ids, trades["context"], strict=True) if not context]
    if bare:
        TradeContext.objects.filter(trade__in=bare).delete()


_ROW = (
    "external_id",
    "side",
    "entry_price",
    "exit_price",
    "size",
    "stop_loss",
    "leverage",
    "entry_at",
    "exit_at",
    "exit_reason",
    "pnl_pct",
    "pnl",
    "fee",
    "reported_version",
    "arm",
    "tag",
    "flagged",
    "revision",
    "digest",
)
_BOOK = ("strategy", "label", "market", "mode", "currency")
_KEPT = {"id", "bot_id", "external_id", "stored_at"}
_CONTEXT = [feature.name for feature in COMMON_CONTEXT]
_ABSENT = ["" if feature.kind == "category" else None for feature in COMMON_CONTEXT]


def _columns(
    bot: Bot, ids: list[int], trades: ValidTrades, places: Places
) -> dict[str, Sequence[object]]:
    return {
        "id": ids,
        "bot_id": [bot.pk] * len(ids),
        "book_id": places.books,
        "parameter_set_id": [id_ or None for id_ in places.sets],
        **{name: trades[name] for name in _ROW},
        "stored_at": [clock.to_micros(clock.now())] * len(ids),
    }


def _contexts(ids: list[int], trades: ValidTrades) -> dict[str, Sequence[object]]:
    """The columns of the contexts of those trades that have one."""
    pairs = [(id_, context) for id_, context in zip(ids, trades["context"], strict=True) if context]
    if not pairs:
        return {"trade_id": []}
    common = [context.common for _, context in pairs]
    try:
        values = list(map(itemgetter(*_CONTEXT), common))
    except KeyError:  # several times slower, for those that lack a name
        values = [tuple(map(part.get, _CONTEXT, _ABSENT)) for part in common]
    return {
        "trade_id": [id_ for id_, _ in pairs],
        **dict(zip(_CONTEXT, zip(*values, strict=True), strict=True)),
        "features": bulk.jsons([context.features for _, context in pairs]),
        "other": bulk.jsons([context.other for _, context in pairs]),
    }


def _rows(trades: ValidTrades, places: Places) -> Rows:
    exit_at = np.array(trades["exit_at"], np.int64)
    return Rows(
        np.array(places.books, np.int64),
        np.array(places.sets, np.int64),
        Trades(
            exit_at,
            exit_at - np.array(trades["entry_at"], np.int64),
            # numpy reads None as NaN
            *(np.array(trades[name], np.float64) for name in ("pnl_pct", "pnl", "fee")),
        ),
    )


def keep_old(ids: list[int]) -> None:
    """Store the present content of trades as revisions, before corrections replace it."""
    now = clock.now()
    TradeRevision.objects.bulk_create(
        TradeRevision(
            trade=trade, revision=trade.revision, content=_content(trade), replaced_at=now
        )
        for trade in Trade.objects.filter(pk__in=ids).select_related(
            "book__market", "book__instance", "context"
        )
    )


def _content(trade: Trade) -> dict[str, Any]:
    content: dict[str, Any] = {
        name: bulk.plain(getattr(trade, name))
        for name in _ROW
        if name not in ("external_id", "digest", "revision")
    }
    book = trade.book
    content |= {
        "strategy": book.instance.name,
        "market": book.market.name,
        "mode": book.mode,
        "currency": book.currency,
    }
    context = getattr(trade, "context", None)
    if context:
        content["context"] = {name: getattr(context, name) for name in _CONTEXT}
        content["context"] |= {"features": context.features, "other": context.other}
    return content

"""Trades as rows: written, and kept as they were when they are corrected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from django.db.models import Model

from trading import clock
from trading.assignment import attribution
from trading.clock import HOUR
from trading.db import bulk
from trading.ingest import books
from trading.ingest.books import BookKey
from trading.ingest.valid_batch import Sound
from trading.ledger.tally import Trades
from trading.models import Bot, Trade, TradeContext, TradeRevision
from trading.rollups import trade_arrays
from trading.rollups.trade_arrays import Rows
from trading.rollups.update import Place
from trading.strategies.common import COMMON_CONTEXT


def place(book: int, parameter_set: int | None, exit_at: int | datetime) -> Place:
    """Where a trade counts; its exit in microseconds or as a datetime."""
    micros = exit_at if isinstance(exit_at, int) else clock.to_micros(exit_at)
    return Place(book, parameter_set or trade_arrays.UNKNOWN_SET, micros // HOUR)


Lines = dict[int, attribution.Timeline]  # by instance
Written = list[tuple[type[Model], dict[str, Sequence[object]]]]  # rows as columns


class Places(NamedTuple):
    """Book and parameter set (0: unknown) of some trades."""

    books: list[int]
    sets: list[int]


def books_of(trades: Sound) -> dict[tuple[str, ...], BookKey]:
    """The books that trades name."""
    keys = zip(*(trades[name] for name in _BOOK), strict=True)
    return {key: BookKey(*key) for key in set(keys)}


def ask_lines(bot: Bot, trades: Sound) -> Callable[[], Lines]:
    """The timelines of those that made the trades, as far as it is known who did."""
    known = books.remembered(bot, books_of(trades).values())
    return attribution.ask_timelines(book.instance for book in known)


def places(bot: Bot, trades: Sound, lines: Lines) -> Places:
    """Where trades count; ``lines`` are added to where some are missing."""
    wanted = books_of(trades)
    known = books.find(bot, wanted.values())
    found = {key: known[book] for key, book in wanted.items()}
    lines |= attribution.timelines({book.instance for book in found.values()} - lines.keys())
    keys = list(zip(*(trades[name] for name in _BOOK), strict=True))
    made_by = [
        lines[found[key].instance].at(entry_at, version)
        for key, entry_at, version in zip(
            keys, trades["entry_at"], trades["reported_version"], strict=True
        )
    ]
    return Places(
        [found[key].id for key in keys], [set_ or trade_arrays.UNKNOWN_SET for set_ in made_by]
    )


def insert(bot: Bot, ids: list[int], trades: Sound, places: Places) -> Rows:
    """Write new trades and their contexts under their ids; returns them as the sums take them."""
    with bulk.inserting(Trade, _columns(bot, ids, trades, places)):
        contexts = _contexts(ids, trades)
    with bulk.inserting(TradeContext, contexts):
        return _rows(trades, places)


def written(bot: Bot, id_: int, trade: Sound, places: Places) -> Written:
    """The rows of one new trade: its own, and that of its context where it has one."""
    context = _contexts([id_], trade)
    own = (Trade, _columns(bot, [id_], trade, places))
    return [own, (TradeContext, context)] if context["trade_id"] else [own]


def replace(bot: Bot, ids: list[int], trades: Sound, places: Places) -> None:
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
    # A correction says everything anew: without a context, the trade has none any more.
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
    bot: Bot, ids: list[int], trades: Sound, places: Places
) -> dict[str, Sequence[object]]:
    return {
        "id": ids,
        "bot_id": [bot.pk] * len(ids),
        "book_id": places.books,
        "parameter_set_id": [id_ or None for id_ in places.sets],
        **{name: trades[name] for name in _ROW},
        "stored_at": [clock.to_micros(clock.now())] * len(ids),
    }


def _contexts(ids: list[int], trades: Sound) -> dict[str, Sequence[object]]:
    """The columns of those that have one; without rows where none has."""
    found = [(id_, context) for id_, context in zip(ids, trades["context"], strict=True) if context]
    if not found:
        return {"trade_id": []}
    common = [context.common for _, context in found]
    try:
        values = list(map(itemgetter(*_CONTEXT), common))
    except KeyError:  # several times slower, for those that lack a name
        values = [tuple(map(part.get, _CONTEXT, _ABSENT)) for part in common]
    return {
        "trade_id": [id_ for id_, _ in found],
        **dict(zip(_CONTEXT, zip(*values, strict=True), strict=True)),
        "features": bulk.jsons([context.features for _, context in found]),
        "other": bulk.jsons([context.other for _, context in found]),
    }


def _rows(trades: Sound, places: Places) -> Rows:
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

"""Whatever a bot pushes comes in here: idempotent, in one transaction, with the rollups true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from django.db import transaction

from trading import attribution, bulk, clock, columns, guard, rollups
from trading.columns import Rows
from trading.context import Context
from trading.declared import Declared
from trading.ledger.tally import Trades
from trading.models import Book, Bot, Market, Trade, TradeContext, TradeRevision
from trading.parameters import instance_for
from trading.records import Errors, TradeIn, TradeRow, read
from trading.rollups import Place


@dataclass(slots=True)
class Outcome:
    """What became of a batch: ``stored + updated + unchanged + len(rejected)`` is its length."""

    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[dict] = field(default_factory=list)

    def refuse(self, index: int, external_id: str, errors: Errors) -> None:
        self.rejected.append({"index": index, "id": external_id, "errors": errors})


@dataclass(slots=True)
class _Stored:
    """What is known of a trade before the batch."""

    id: int
    revision: int
    digest: int
    place: Place


_CONFLICT = {"revision": ["is stored already with other content; send a higher revision"]}


def store_trades(bot: Bot, trades: Sequence[TradeIn]) -> Outcome:
    """Store closed trades. Good rows are kept whatever the others are.

    The same id with the same content is unchanged; a higher revision is a correction, whose old
    content is kept; a lower one is stale and counted unchanged; the same revision with other
    content is rejected.
    """
    outcome = Outcome()
    known, latest = Declared(bot), guard.latest()
    rows: dict[int, TradeRow] = {}
    for index, trade in enumerate(trades):
        found = read(trade, latest, known)
        if isinstance(found, TradeRow):
            rows[index] = found
        else:
            outcome.refuse(index, trade.external_id, found)
    if rows:
        with transaction.atomic():
            rollups.lock(bot.pk)
            _store(bot, rows, outcome)
    outcome.rejected.sort(key=lambda refusal: refusal["index"])
    return outcome


def _store(bot: Bot, rows: dict[int, TradeRow], outcome: Outcome) -> None:
    stored = _stored(bot, {row.external_id for row in rows.values()})
    new, corrected = _classify(rows, stored, outcome)
    # Ids ascend with the exit, so that neighbours in time are neighbours on disk.
    new.sort(key=lambda row: row.exit_at)
    ids = bulk.reserve_ids(Trade, len(new))
    if corrected:
        _keep_old(corrected, stored)
    written = list(zip(ids, new, strict=True))
    written += [(stored[row.external_id].id, row) for row in corrected]
    places = _write(bot, written)
    stale = [stored[row.external_id].place for row in corrected] + places[len(new) :]
    if written:
        rollups.add(_columns(new, places[: len(new)]), stale)


def _stored(bot: Bot, external_ids: set[str]) -> dict[str, _Stored]:
    found = Trade.objects.filter(bot=bot, external_id__in=external_ids).values_list(
        "external_id", "id", "revision", "digest", "book_id", "parameter_set_id", "exit_at"
    )
    return {
        external_id: _Stored(id_, revision, digest, _place(book, parameter_set, exit_at))
        for external_id, id_, revision, digest, book, parameter_set, exit_at in found.order_by()
    }


def _place(book: int, parameter_set: int | None, exit_at) -> Place:
    micros = exit_at if isinstance(exit_at, int) else clock.to_micros(exit_at)
    return Place(book, parameter_set or columns.UNKNOWN_SET, micros // rollups.HOUR)


def _classify(
    rows: dict[int, TradeRow], stored: dict[str, _Stored], outcome: Outcome
) -> tuple[list[TradeRow], list[TradeRow]]:
    """New trades and corrections; the rest is counted. Within a batch the order decides nothing
    but which of two contradicting rows of one revision is refused: the later."""
    newest: dict[str, TradeRow] = {}
    for index, row in rows.items():
        before = newest.get(row.external_id) or stored.get(row.external_id)
        if before is None or row.revision > before.revision:
            if isinstance(before, TradeRow):
                outcome.unchanged += 1
            newest[row.external_id] = row
        elif row.revision == before.revision and row.digest != before.digest:
            outcome.refuse(index, row.external_id, _CONFLICT)
        else:
            outcome.unchanged += 1
    new = [row for row in newest.values() if row.external_id not in stored]
    corrected = [row for row in newest.values() if row.external_id in stored]
    outcome.stored, outcome.updated = len(new), len(corrected)
    return new, corrected


def _write(bot: Bot, written: list[tuple[int, TradeRow]]) -> list[Place]:
    """Upsert trades under their ids; returns where each counts."""
    books = _books(bot, [row for _, row in written])
    lines = attribution.timelines(book.instance_id for book in books.values())
    now = clock.to_micros(clock.now())
    values, places, contexts = [], [], []
    for id_, row in written:
        book = books[_book_key(row)]
        made_by = lines[book.instance_id].at(row.entry_at, row.reported_version)
        places.append(_place(book.pk, made_by, row.exit_at))
        values.append((id_, bot.pk, book.pk, made_by, *_fields(row), now))
        if row.context:
            contexts.append((id_, row.context))
    bulk.upsert(
        Trade, _COLUMNS, values, conflict=("bot_id", "external_id"), newer="revision",
        update=[name for name in _COLUMNS if name not in _KEPT],
    )  # fmt: skip
    _write_contexts(contexts, {id_ for id_, row in written if not row.context})
    return places


_ROW = (
    "external_id", "side", "entry_price", "exit_price", "size", "stop_loss", "leverage",
    "entry_at", "exit_at", "exit_reason", "pnl_pct", "pnl", "fee", "reported_version", "arm",
    "tag", "flagged", "revision", "digest",
)  # fmt: skip
_MONEY = {"entry_price", "exit_price", "size", "stop_loss", "pnl", "fee"}
_COLUMNS = ("id", "bot_id", "book_id", "parameter_set_id", *_ROW, "stored_at")
_KEPT = {"id", "bot_id", "external_id", "stored_at"}
_CONTEXT = (
    "volatility_bps", "price_trend", "volatility_trend", "entry_hour", "entry_day_of_week",
    "signal_strength", "mfe_pct", "mae_pct", "time_to_mfe_seconds", "hold_time_seconds",
    "reached_tp", "reached_sl",
)  # fmt: skip
_TEXTS = {"price_trend", "volatility_trend"}


def _fields(row: TradeRow) -> list[object]:
    return [
        bulk.decimal(getattr(row, name)) if name in _MONEY else getattr(row, name) for name in _ROW
    ]


def _write_contexts(contexts: list[tuple[int, Context]], without: set[int]) -> None:
    rows = [
        (
            id_,
            *(context.common.get(name, "" if name in _TEXTS else None) for name in _CONTEXT),
            bulk.json(context.features),
            bulk.json(context.other),
        )
        for id_, context in contexts
    ]
    names = ("trade_id", *_CONTEXT, "features", "other")
    bulk.upsert(TradeContext, names, rows, conflict=("trade_id",), update=names[1:])


def _books(bot: Bot, rows: list[TradeRow]) -> dict[tuple, Book]:
    """The book of every row; instances, markets and books are made where missing."""
    keys = {_book_key(row) for row in rows}
    instances = {
        (strategy, label): instance_for(bot, f"{strategy}@{label}" if label else strategy)
        for strategy, label in {key[:2] for key in keys}
    }
    names = {key[2] for key in keys}
    markets = {market.name: market for market in Market.objects.filter(name__in=names)}
    for name in names - markets.keys():
        markets[name] = Market.objects.get_or_create(name=name)[0]
    known = {
        (book.instance_id, book.market_id, book.mode, book.currency): book
        for book in Book.objects.filter(instance__in=instances.values())
    }
    books = {}
    for strategy, label, market, mode, currency in keys:
        place = (instances[strategy, label].pk, markets[market].pk, mode, currency)
        book = (
            known.get(place)
            or Book.objects.get_or_create(
                instance_id=place[0], market_id=place[1], mode=mode, currency=currency
            )[0]
        )
        books[strategy, label, market, mode, currency] = book
    return books


def _book_key(row: TradeRow) -> tuple[str, str, str, str, str]:
    return row.strategy, row.label, row.market, row.mode, row.currency


def _columns(rows: list[TradeRow], places: list[Place]) -> Rows:
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


def _keep_old(corrected: list[TradeRow], stored: dict[str, _Stored]) -> None:
    """Keep what each corrected trade said until now."""
    ids = [stored[row.external_id].id for row in corrected]
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


def as_dict(outcome: Outcome) -> dict:
    return asdict(outcome)

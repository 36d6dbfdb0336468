"""A trade that comes alone, as bots send it when it closes, by the shortest way there is.

It is taken where nothing has to be made, corrected or computed anew: a new trade of a known book
that closed after all that its day holds. Any other goes the way of batches (ingest.py), and what
is stored is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from trading import books, bulk, columns, prepared, rows, scopes
from trading.books import BookId
from trading.clock import HOUR
from trading.ledger import single
from trading.memory import Memory
from trading.models import Bot
from trading.scopes import Scopes
from trading.sound import Sound

_sets: Memory[int, int] = Memory()  # of each book, the set of its last trade: a guess
Hours = dict[int, bytes]  # of each scope, the hours of the day

_VERSION = "(SELECT id FROM trading_parameterset WHERE instance_id = %s AND version = %s)"
_LIVE = (
    "(SELECT parameter_set_id FROM trading_liveperiod WHERE instance_id = %s AND live_from <= %s"
    " ORDER BY live_from DESC LIMIT 1)"
)
_STORED = "EXISTS (SELECT 1 FROM trading_trade WHERE bot_id = %s AND external_id = %s)"
_HOURS = "SELECT scope_id, hours FROM trading_rollupday WHERE day = %s AND scope_id IN (%s, %s, %s)"
_DAYS = (
    "INSERT INTO trading_rollupday (scope_id, day, tally, hours) VALUES"
    " (%s, %s, %s, %s), (%s, %s, %s, %s), (%s, %s, %s, %s)"
    " ON CONFLICT (scope_id, day) DO UPDATE SET tally = excluded.tally, hours = excluded.hours"
)


def store(bot: Bot, trade: Sound) -> bool:
    """Store a trade, or write nothing and answer that the way of batches is to be taken.

    Raises IntegrityError as that does.
    """
    known = books.remembered(bot, rows.books_of(trade).values())
    if not known:
        return False
    connection = connections[DEFAULT_DB_ALIAS]
    inside = connection.in_atomic_block
    # PostgreSQL is asked once, and told once: all that is written, and to commit it.
    parts = (bulk.together(), nullcontext())
    around, within = reversed(parts) if inside else parts
    with around, transaction.atomic(), within:
        return _store(bot, known[0], trade)


def _store(bot: Bot, book: BookId, trade: Sound) -> bool:
    day = trade["exit_at"][0] // HOUR // 24
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    locked = prepared.ask(_lock(vendor), (bot.pk,))
    version, entry_at = trade["reported_version"][0], trade["entry_at"][0]
    asked = prepared.ask(
        _found(vendor, version is not None),
        (bot.pk, trade["external_id"][0], book.instance, entry_at if version is None else version),
    )
    guess = scopes.remembered(book.id, _sets.get(book.id))
    hours = _ask_hours(guess, day) if guess else None
    if not locked():
        return False
    id_, stored, made_by = asked()[0]
    counts = scopes.remembered(book.id, made_by or columns.UNKNOWN_SET)
    if stored or counts is None:
        return False
    if hours is None or counts != guess:
        hours = _ask_hours(counts, day)
        _sets.keep(book.id, made_by or columns.UNKNOWN_SET)
    return _write(bot, id_, trade, rows.Places([book.id], [made_by or 0]), day, counts, hours())


def _write(
    bot: Bot, id_: int, trade: Sound, places: rows.Places, day: int, counts: Scopes, hours: Hours
) -> bool:
    one = single.One(
        trade["exit_at"][0], trade["exit_at"][0] - trade["entry_at"][0], trade["pnl_pct"][0],
        trade["pnl"][0], trade["fee"][0],
    )  # fmt: skip
    days: list[object] = []
    for scope in sorted(counts):
        found = _extended(hours.get(scope, b""), one)
        if found is None:
            return False
        days += (scope, day, single.merged(found), found)
    for model, row in rows.written(bot, id_, trade, places):
        prepared.ask(_insert(model, tuple(row)), [values[0] for values in row.values()])
    prepared.ask(_DAYS, days)
    return True


def _extended(hours: bytes, one: single.One) -> bytes | None:
    """The hours of a day with one more trade; None where it did not close after all others."""
    before = hours[-single.SIZE :]
    if not before:
        return single.extended(b"", one)
    closed = single.last(before)
    if closed >= one.exit_at:
        return None
    if closed // HOUR < one.exit_at // HOUR:
        return hours + single.extended(b"", one)
    return hours[: -single.SIZE] + single.extended(before, one)


def _ask_hours(counts: Scopes, day: int) -> Callable[[], Hours]:
    asked = prepared.ask(_HOURS, (day, *counts))
    return lambda: {scope: bytes(hours) for scope, hours in asked()}


@cache
def _lock(vendor: str) -> str:
    row = "SELECT 1 FROM trading_bot WHERE id = %s"
    return f"{row} FOR NO KEY UPDATE" if vendor == "postgresql" else row


@cache
def _found(vendor: str, reported: bool) -> str:
    """A free id, whether the trade is stored already, and the set that made it."""
    free = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'trading_trade')"
    if vendor == "postgresql":
        free = "nextval(pg_get_serial_sequence('trading_trade', 'id'))"
    return f"SELECT {free}, {_STORED}, {_VERSION if reported else _LIVE}"


@cache
def _insert(model: type[Model], names: tuple[str, ...]) -> str:
    marks = columns.placeholders(names)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({marks})"

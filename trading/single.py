"""A trade that comes alone, as bots send it when it closes, by the shortest way there is.

It is taken where nothing has to be made, corrected or computed anew: a new trade of a known book
that closed after all that its day holds. Any other goes the way of batches (ingest.py), and what
is stored is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache
from itertools import chain

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

_VERSION = "(SELECT id FROM trading_parameterset WHERE instance_id = %s AND version = %s)"
_LIVE = (
    "(SELECT parameter_set_id FROM trading_liveperiod WHERE instance_id = %s AND live_from <= %s"
    " ORDER BY live_from DESC LIMIT 1)"
)
_STORED = "EXISTS (SELECT 1 FROM trading_trade WHERE bot_id = %s AND external_id = %s)"
_HOURS = "(SELECT hours FROM trading_rollupday WHERE scope_id = %s AND day = %s)"
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
    version, entry_at = trade["reported_version"][0], trade["entry_at"][0]
    guess = scopes.remembered(book.id, _sets.get(book.id))
    # Under the lock: each statement sees what was committed before it began.
    locked = prepared.ask(_lock(vendor), (bot.pk,))
    asked = prepared.ask(
        _found(vendor, version is not None),
        (
            bot.pk, trade["external_id"][0],
            book.instance, entry_at if version is None else version, *_places(guess, day),
        ),
    )  # fmt: skip
    if not locked():
        return False
    [(id_, stored, made_by, *hours)] = asked()
    made_by = made_by or columns.UNKNOWN_SET
    counts = scopes.remembered(book.id, made_by)
    if stored or counts is None:
        return False
    if counts != guess:
        [hours] = prepared.ask(f"SELECT {_HOURS}, {_HOURS}, {_HOURS}", _places(counts, day))()
        _sets.keep(book.id, made_by)
    days = _counted(trade, day, zip(counts, hours, strict=True))
    if not days:
        return False
    _write(vendor, rows.written(bot, id_, trade, rows.Places([book.id], [made_by])), days)
    return True


def _places(counts: Scopes | None, day: int) -> list[int]:
    return [number for scope in counts or (0, 0, 0) for number in (scope, day)]


def _counted(trade: Sound, day: int, stored: Iterable[tuple[int, bytes | None]]) -> list[object]:
    """The rows of the day with one more trade, by scope; none where it did not close last."""
    one = single.One(
        trade["exit_at"][0], trade["exit_at"][0] - trade["entry_at"][0], trade["pnl_pct"][0],
        trade["pnl"][0], trade["fee"][0],
    )  # fmt: skip
    days: list[object] = []
    for scope, before in sorted(stored):
        hours = _extended(bytes(before or b""), one)
        if hours is None:
            return []
        days += (scope, day, single.merged(hours), hours)
    return days


def _write(vendor: str, written: rows.Written, days: list[object]) -> None:
    inserts = [_insert(model, tuple(row)) for model, row in written]
    values = [[column[0] for column in row.values()] for _, row in written]
    if vendor == "postgresql":
        prepared.ask(_together(*inserts), [*chain(*values), *days])
        return
    for sql, row in zip((*inserts, _DAYS), (*values, days), strict=True):
        prepared.ask(sql, row)


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


@cache
def _lock(vendor: str) -> str:
    row = "SELECT 1 FROM trading_bot WHERE id = %s"
    return f"{row} FOR NO KEY UPDATE" if vendor == "postgresql" else row


@cache
def _found(vendor: str, reported: bool) -> str:
    """A free id, whether the trade is stored already, the set that made it, and hours of days."""
    free = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'trading_trade')"
    if vendor == "postgresql":
        free = "nextval(pg_get_serial_sequence('trading_trade', 'id'))"
    made_by = _VERSION if reported else _LIVE
    return f"SELECT {free}, {_STORED}, {made_by}, {_HOURS}, {_HOURS}, {_HOURS}"


@cache
def _insert(model: type[Model], names: tuple[str, ...]) -> str:
    marks = columns.placeholders(names)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({marks})"


@cache
def _together(*inserts: str) -> str:
    """All that is written of a trade as one statement: to PostgreSQL each costs a message."""
    first = ", ".join(f"part{at} AS ({insert})" for at, insert in enumerate(inserts))
    return f"WITH {first} {_DAYS}"

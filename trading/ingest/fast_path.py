"""A trade that comes alone, as bots send it when it closes, by the shortest way there is.

It is taken where nothing has to be made, corrected or computed anew: a new trade of a known book
that closed after all that its day holds. Any other goes the way of batches (ingest.py), and what
is stored is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from trading.clock import HOUR
from trading.db import bulk, prepared
from trading.db.commit_cache import Memory
from trading.ingest import books, fast_path_days, fast_path_sql, write
from trading.ingest.books import BookId
from trading.ingest.fast_path_sql import Insert
from trading.ingest.valid_batch import Sound
from trading.models import Bot
from trading.rollups import scopes, trade_arrays
from trading.rollups.scopes import Scopes

_sets: Memory[int, int] = Memory()  # of each book, the set of its last trade: a guess
_days: Memory[int, tuple[int, bytes]] = Memory(2_000)  # of each scope its newest day: a guess
NO_SCOPES = (0, 0, 0)


def store(bot: Bot, trade: Sound) -> bool:
    """Store a trade, or write nothing and answer that the way of batches is to be taken.

    Raises IntegrityError as that does.
    """
    known = books.remembered(bot, write.books_of(trade).values())
    if not known:
        return False
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        with transaction.atomic(), bulk.together():
            return _store(bot, known[0], trade)
    if connection.vendor == "postgresql" and _at_once(bot, known[0], trade):
        return True
    with prepared.transaction():
        return _store(bot, known[0], trade)


def _at_once(bot: Bot, book: BookId, trade: Sound) -> bool:
    """Store a trade without asking first: PostgreSQL is told what its day held, as far as it is
    remembered, and writes only if that is so."""
    day, set_ = _day(trade), _sets.get(book.id)
    counts = scopes.remembered(book.id, set_)
    held = [_days.get(scope) for scope in counts or ()]
    if set_ is None or counts is None or any(one is None or one[0] != day for one in held):
        return False
    hours = [one[1] for one in held if one]
    days = fast_path_days.counted(trade, day, zip(counts, hours, strict=True))
    if not days:
        return False
    written = write.written(bot, 0, trade, write.Places([book.id], [set_]))
    inserts, values = _parts(written)
    which = [number for at, scope in enumerate(counts) for number in (scope, day, hours[at])]
    reported, made_by = _made_by(book, trade)
    # Under the lock: each statement sees what was committed before it began.
    lock = fast_path_sql.LOCK, (bot.pk,)
    values = [
        bot.pk,
        bot.pk,
        trade["external_id"][0],
        *made_by,
        set_ or None,
        *which,
        *chain.from_iterable(row[1:] for row in values),
        *days,
    ]
    if not prepared.at_once(lock, (fast_path_sql.at_once(reported, *inserts), values)):
        return False
    _remember(days)
    return True


def _day(trade: Sound) -> int:
    day: int = trade["exit_at"][0] // HOUR // 24
    return day


def _made_by(book: BookId, trade: Sound) -> tuple[bool, tuple[int, ...]]:
    """How the set of a trade is found: whether by its version, and the values for that."""
    version, at = trade["reported_version"][0], trade["entry_at"][0]
    if version is None:
        return False, (book.instance, at, at, book.instance, at)
    return True, (book.instance, version)


def _remember(days: Sequence[Any]) -> None:
    for at in range(0, len(days), 4):
        scope, day, _, hours = days[at : at + 4]
        _days.keep(scope, (day, hours))


def _store(bot: Bot, book: BookId, trade: Sound) -> bool:
    day, vendor = _day(trade), connections[DEFAULT_DB_ALIAS].vendor
    reported, made_by = _made_by(book, trade)
    guess = scopes.remembered(book.id, _sets.get(book.id))
    if vendor == "postgresql":
        # Under the lock: each statement sees what was committed before it began.
        prepared.ask(fast_path_sql.LOCK, (bot.pk,))
    asked = prepared.ask(
        fast_path_sql.found(vendor, reported),
        (bot.pk, trade["external_id"][0], *made_by, *_places(guess, day), bot.pk),
    )()
    if not asked or asked[0][2] == fast_path_sql.IN_EXPERIMENT:
        return False
    [(id_, stored, found, *hours)] = asked
    set_ = found or trade_arrays.UNKNOWN_SET
    counts = scopes.remembered(book.id, set_)
    if stored or counts is None:
        return False
    if counts != guess:
        [hours] = prepared.ask(fast_path_sql.hours(), _places(counts, day))()
        _sets.keep(book.id, set_)
    days = fast_path_days.counted(trade, day, zip(counts, hours, strict=True))
    if not days:
        return False
    _write(vendor, write.written(bot, id_, trade, write.Places([book.id], [set_])), days)
    if vendor == "postgresql":
        _remember(days)
    return True


def _places(counts: Scopes | None, day: int) -> list[int]:
    return [number for scope in counts or NO_SCOPES for number in (scope, day)]


def _write(vendor: str, written: write.Written, days: list[object]) -> None:
    inserts, values = _parts(written)
    if vendor == "postgresql":
        prepared.ask(fast_path_sql.together(*inserts), [*chain(*values), *days])
        return
    for into, row in zip(inserts, values, strict=True):
        prepared.ask(fast_path_sql.insert(into), row)
    prepared.ask(fast_path_sql.DAYS, days)


def _parts(written: write.Written) -> tuple[list[Insert], list[list[object]]]:
    inserts = [(model, tuple(row)) for model, row in written]
    return inserts, [[column[0] for column in row.values()] for _, row in written]

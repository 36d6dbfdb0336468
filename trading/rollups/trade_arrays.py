"""Columns of stored trades: from rows of the database straight into arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection

from trading.db import bulk
from trading.ledger.tally import Trades

UNKNOWN_SET = 0
PACKED_ROWS = 1_000_000  # PostgreSQL holds a whole value in memory: 56 MB at most
WIDTH = 7  # numbers that the ledger needs of a trade


@dataclass(frozen=True, slots=True)
class Rows:
    """Trades with what they are counted under; ``parameter_set`` is 0 where unknown."""

    book: np.ndarray
    parameter_set: np.ndarray
    trades: Trades

    def __len__(self) -> int:
        return len(self.trades)

    def take(self, rows: np.ndarray) -> Rows:
        return Rows(self.book[rows], self.parameter_set[rows], self.trades.take(rows))


def rows(
    books: Sequence[int],
    since: int | None = None,
    until: int | None = None,
    *,
    by_time: bool = False,
) -> Rows:
    """Trades of ``books`` with since <= exit < until (microseconds since 1970), in no order.

    ``by_time`` reads along the time of the exit, which is faster where the books hold most of
    the trades of that time: neighbours in time are neighbours on disk.
    """
    return _rows([_where(_among(books), since, until, by_time)])


def rows_of(instances: Collection[int], stretches: Sequence[tuple[int | None, int | None]]) -> Rows:
    """Trades of ``instances`` in several stretches, bounded as above, that do not overlap."""
    books = f"(SELECT id FROM trading_book WHERE instance_id IN {_among(instances)})"
    return _rows([_where(books, since, until) for since, until in stretches])


def _rows(queries: Sequence[tuple[str, list[Any]]]) -> Rows:
    sql = " UNION ALL ".join(
        f"SELECT {_ledger()} FROM trading_trade t WHERE {where}" for where, _ in queries
    )
    return as_rows(matrix(sql, [value for _, values in queries for value in values], WIDTH))


def rows_with(
    extra: Sequence[str], books: Sequence[int], since: int | None = None, until: int | None = None
) -> tuple[Rows, list[list[Any]]]:
    """The same with further columns as lists: ``t.NAME`` of the trade, ``c.NAME`` of its context
    (None without one; JSON as text)."""
    where, values = _where(_among(books), since, until)
    select = ", ".join([_ledger(), *map(_text, extra)])
    sql = (
        f"SELECT {select} FROM trading_trade t"
        f" LEFT JOIN trading_tradecontext c ON c.trade_id = t.id WHERE {where}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        fetched = cursor.fetchall()
    width = WIDTH
    table = _floats((row[:width] for row in fetched), width)
    return as_rows(table), [[row[width + at] for row in fetched] for at in range(len(extra))]


def pairs(stored: Rows) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Every (book, parameter set) that occurs, and which of them each trade has."""
    books, book = _distinct(stored.book)
    sets, member = _distinct(stored.parameter_set)
    place = book * max(sets.size, 1) + member
    occurring = np.flatnonzero(np.bincount(place, minlength=1))
    which = np.zeros(books.size * sets.size, dtype=np.int64)
    which[occurring] = np.arange(occurring.size)
    kinds = [(int(books[at // sets.size]), int(sets[at % sets.size])) for at in occurring]
    return kinds, which[place]


def _distinct(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values that occur, ascending, and which of them each element has."""
    low, high = (int(ids.min()), int(ids.max())) if ids.size else (0, 0)
    if high - low > ids.size:
        return np.unique(ids, return_inverse=True)
    # Without sorting: ids of rows made together lie close to each other.
    occurs = np.bincount(ids - low) > 0
    return np.flatnonzero(occurs) + low, (np.cumsum(occurs) - 1)[ids - low]


def as_rows(table: np.ndarray) -> Rows:
    """Rows from a float64 matrix of book, set, exit, held, r, pnl, fee (or infinity)."""
    # Microseconds since 1970 stay below 2**53, so float64 carries them exactly.
    book, parameter_set, exit_at, held = (table[:, at].astype(np.int64) for at in range(4))
    r, pnl, fee = (table[:, at].astype(np.float64) for at in range(4, 7))
    fee[np.isinf(fee)] = np.nan
    return Rows(book, parameter_set, Trades(exit_at, held, r, pnl, fee))


def nothing() -> Rows:
    """No trades."""
    return as_rows(np.zeros((0, WIDTH)))


def matrix(sql: str, values: Sequence[Any], width: int) -> np.ndarray:
    """Run a query of ``width`` numeric columns without NULL into a float64 matrix (n, width)."""
    packed = _packed(sql, values, width) if _postgres() else None
    if packed is not None:
        return packed
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        # No step of Python per row; small batches, so that the rows are still in the cache.
        batches = iter(partial(cursor.fetchmany, 1_000), [])
        return _floats(chain.from_iterable(batches), width)


def _packed(sql: str, values: Sequence[object], width: int) -> np.ndarray | None:
    """The same as one value, the rows' bytes; None where there are too many rows for that."""
    names = [f"c{at}" for at in range(width)]
    row = " || ".join(f"float8send(CAST({name} AS double precision))" for name in names)
    rows = bulk.binary(
        f"SELECT string_agg({row}, NULL) FROM (SELECT * FROM ({sql}) AS rows"
        f" LIMIT {PACKED_ROWS + 1}) AS columns({', '.join(names)})"
        f" HAVING count(*) <= {PACKED_ROWS}",
        values,
    )
    if not rows:
        return None
    return np.frombuffer(rows[0][0] or b"", ">f8").reshape(-1, width)


def _floats(rows: Iterable[tuple[Any, ...]], width: int) -> np.ndarray:
    return np.fromiter(chain.from_iterable(rows), np.float64).reshape(-1, width)


def _among(ids: Collection[int]) -> str:
    """A list for IN; keys are written out, so that a statement's text tells its plan."""
    return f"({', '.join(map(str, ids)) or 'NULL'})"


def _where(
    books: str, since: int | None, until: int | None, by_time: bool = False
) -> tuple[str, list[Any]]:
    # The sign keeps the books' index out of the plan, on both databases.
    clauses, values = [f"{'+' if by_time else ''}t.book_id IN {books}"], []
    if since is not None:
        clauses.append("t.exit_at >= %s")
        values.append(since)
    if until is not None:
        clauses.append("t.exit_at < %s")
        values.append(until)
    return " AND ".join(clauses), values


def _ledger() -> str:
    return _ledger_of(connection.vendor)


@cache
def _ledger_of(vendor: str) -> str:
    # PostgreSQL hands numeric over as Decimal, ten times slower than the float that is wanted.
    # A fee may be missing: infinity stands for NULL, which is no number.
    pnl, fee, none = "t.pnl", "t.fee", "9e999"
    if vendor == "postgresql":
        pnl, fee = (f"CAST({name} AS double precision)" for name in (pnl, fee))
        none = "'Infinity'"
    return (
        "t.book_id, COALESCE(t.parameter_set_id, 0), t.exit_at, t.exit_at - t.entry_at,"
        f" t.pnl_pct, {pnl}, COALESCE({fee}, {none})"
    )


def _text(column: str) -> str:
    return f"CAST({column} AS text)" if column == "c.features" and _postgres() else column


def _postgres() -> bool:
    return connection.vendor == "postgresql"

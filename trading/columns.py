"""Columns of stored trades: from rows of the database straight into arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from django.db import connection

from trading.ledger.tally import Trades

UNKNOWN_SET = 0
_LEDGER = ("book_id", "COALESCE(parameter_set_id, 0)", "exit_at", "exit_at - entry_at",
           "pnl_pct", "pnl", "COALESCE(fee, 0)")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """Trades with what they are counted under; ``parameter_set`` is 0 where unknown."""

    book: np.ndarray
    parameter_set: np.ndarray
    trades: Trades

    def __len__(self) -> int:
        return len(self.trades)

    def take(self, rows) -> Rows:
        return Rows(self.book[rows], self.parameter_set[rows], self.trades.take(rows))


def rows(books: Sequence[int], since: int | None = None, until: int | None = None) -> Rows:
    """Trades of ``books`` with since <= exit < until (microseconds since 1970), in no order."""
    where, values = _where(books, since, until)
    select = ", ".join(_number(column) for column in _LEDGER)
    return as_rows(
        matrix(f"SELECT {select} FROM trading_trade WHERE {where}", values, len(_LEDGER))
    )


def as_rows(table: np.ndarray) -> Rows:
    """Rows from a float64 matrix of book, set, exit, held, r, pnl, fee."""
    # Microseconds since 1970 stay below 2**53, so float64 carries them exactly.
    book, parameter_set, exit_at, held = (table[:, at].astype(np.int64) for at in range(4))
    r, pnl, fee = (np.ascontiguousarray(table[:, at]) for at in range(4, 7))
    return Rows(book, parameter_set, Trades(exit_at, held, r, pnl, fee))


def nothing() -> Rows:
    """No trades."""
    return as_rows(np.zeros((0, len(_LEDGER))))


def matrix(sql: str, values: Sequence[object], width: int) -> np.ndarray:
    """Run a query of ``width`` numeric columns into a float64 matrix, shape (n, width)."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return np.fromiter(chain.from_iterable(iter_rows(cursor)), np.float64).reshape(-1, width)


def iter_rows(cursor) -> Iterable[tuple]:
    """Rows of an executed cursor, fetched in large steps."""
    while batch := cursor.fetchmany(20_000):
        yield from batch


def placeholders(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _where(books: Sequence[int], since: int | None, until: int | None) -> tuple[str, list]:
    clauses, values = [f"book_id IN ({placeholders(books) or 'NULL'})"], list(books)
    if since is not None:
        clauses.append("exit_at >= %s")
        values.append(since)
    if until is not None:
        clauses.append("exit_at < %s")
        values.append(until)
    return " AND ".join(clauses), values


def _number(column: str) -> str:
    # PostgreSQL hands numeric over as Decimal, ten times slower than the float that is wanted.
    money = column in ("pnl", "COALESCE(fee, 0)") and connection.vendor == "postgresql"
    return f"CAST({column} AS double precision)" if money else column

"""Any window of time, answered from sums.

A window is cut into whole days, the whole hours beside them, and the trades of the two hours that
it enters or leaves in the middle; what it costs does not depend on how many trades are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from trading import bulk, columns
from trading.clock import DAY, HOUR
from trading.columns import placeholders
from trading.ledger import tally
from trading.ledger.metrics import Daily
from trading.ledger.tally import TALLY
from trading.models import Scope


@dataclass(frozen=True, slots=True)
class Pieces:
    """Disjoint tallies that make up a window, ordered by scope and time, all of shape (n,)."""

    scope: np.ndarray  # index into the scopes that were asked for
    tallies: np.ndarray  # dtype TALLY

    @property
    def day(self) -> np.ndarray:
        return self.tallies["first"] // DAY

    @property
    def hour_of_day(self) -> np.ndarray:
        return self.tallies["first"] // HOUR % 24

    def take(self, rows) -> Pieces:
        return Pieces(self.scope[rows], tally.take(self.tallies, rows))


def pieces(
    scopes: Sequence[Scope], since: int | None, until: int | None, *, hourly: bool = False
) -> Pieces:
    """Tallies of trades with since <= exit < until (microseconds since 1970; None is open).

    ``hourly`` keeps hours apart instead of using whole days.
    """
    if since is not None and until is not None and since >= until:
        return Pieces(np.zeros(0, np.int64), tally.empty(0))
    first_hour = None if since is None else -(-since // HOUR)
    last_hour = None if until is None else until // HOUR
    parts = []
    if first_hour is None or last_hour is None or first_hour <= last_hour:
        parts.append(_stored(scopes, first_hour, last_hour, hourly))
        edges = []
        if since is not None and first_hour * HOUR > since:
            edges.append((since, first_hour * HOUR))
        if until is not None and until > last_hour * HOUR:
            edges.append((last_hour * HOUR, until))
    else:
        edges = [(since, until)]
    edges = [edge for edge in edges if edge[0] < edge[1]]
    if edges:
        parts.append(_raw(scopes, edges))
    scope = np.concatenate([part.scope for part in parts])
    tallies = tally.joined([part.tallies for part in parts])
    return Pieces(scope, tallies).take(np.lexsort((tallies["first"], scope)))


def merged(window: Pieces, size: int) -> np.ndarray:
    """One tally per scope, shape (size,)."""
    out = tally.empty(size)
    starts = np.flatnonzero(np.diff(window.scope, prepend=-1))
    if starts.size:
        out[window.scope[starts]] = tally.merge(window.tallies, starts)
    return out


def daily(window: Pieces, first_day: int, last_day: int) -> Daily:
    """Sums per calendar day of ``first_day`` .. ``last_day`` (days since 1970), over all scopes."""
    at = window.day - first_day
    size = last_day - first_day + 1
    totals = np.bincount(at, weights=window.tallies["total"], minlength=size)
    trades = np.bincount(at, weights=window.tallies["trades"], minlength=size)
    return Daily(totals, trades.astype(np.int64))


def daily_totals(window: Pieces, size: int, first_day: int, last_day: int) -> np.ndarray:
    """Sums of r per scope and calendar day of ``first_day`` .. ``last_day`` (days since 1970):
    shape (size, days)."""
    days = last_day - first_day + 1
    at = window.scope * days + window.day - first_day
    sums = np.bincount(at, weights=window.tallies["total"], minlength=size * days)
    return sums.reshape(size, days)


def _stored(
    scopes: Sequence[Scope], first_hour: int | None, last_hour: int | None, hourly: bool
) -> Pieces:
    """Days, and hours where the window cuts a day, of hours [first_hour, last_hour)."""
    index = {scope.id: at for at, scope in enumerate(scopes)}
    cut = set()
    where, values = [f"scope_id IN ({placeholders(scopes) or 'NULL'})"], list(index)
    if first_hour is not None:
        where.append("day >= %s")
        values.append(first_hour // 24)
        if first_hour % 24:
            cut.add(first_hour // 24)
    if last_hour is not None:
        where.append("day <= %s")
        values.append((last_hour - 1) // 24)
        if last_hour % 24:
            cut.add((last_hour - 1) // 24)
    column = "hours" if hourly else "tally"
    if cut and not hourly:
        column = f"CASE WHEN day IN ({', '.join(map(str, cut))}) THEN hours ELSE tally END"
    sql = f"SELECT scope_id, {column} FROM trading_rollupday WHERE {' AND '.join(where)}"
    found = bulk.binary(sql, values)
    size = TALLY.itemsize
    scope = np.array([index[row[0]] for row in found], dtype=np.int64)
    repeat = np.array([len(row[1]) // size for row in found], dtype=np.int64)
    tallies = np.frombuffer(b"".join([row[1] for row in found]), TALLY)
    scope = np.repeat(scope, repeat)
    if cut or hourly:
        hour = tallies["first"] // HOUR
        inside = np.ones(hour.size, dtype=bool)
        # A whole day is inside; only records of single hours can lie outside.
        if first_hour is not None:
            inside &= (hour >= first_hour) | (hour // 24 > first_hour // 24)
        if last_hour is not None:
            inside &= hour < last_hour
        return Pieces(scope, tallies).take(np.flatnonzero(inside))
    return Pieces(scope, tallies)


def _raw(scopes: Sequence[Scope], edges: Sequence[tuple[int, int]]) -> Pieces:
    """Tallies of the trades of each stretch [since, until), which lies within one hour."""
    books = _books({scope.instance_id for scope in scopes})
    stored = columns.rows_of(list(books), edges)
    kinds, which = columns.pairs(stored)
    table = _membership(scopes, books, kinds)
    scope, at = table[which].T.reshape(-1), np.tile(np.arange(len(stored)), 3)
    asked = scope >= 0
    scope, trades = scope[asked], stored.trades.take(at[asked])
    by = tally.order(trades, scope)
    scope, trades = scope[by], trades.take(by)
    starts = tally.segments(scope, trades.exit_at // HOUR)
    return Pieces(scope[starts], tally.fold(trades, starts))


def _books(instances: set[int]) -> dict[int, tuple[int, int, str, str]]:
    """{book: (instance, market, mode, currency)}."""
    sql = "SELECT id, instance_id, market_id, mode, currency FROM trading_book"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} WHERE instance_id IN ({placeholders(instances) or 'NULL'})", list(instances)
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _membership(
    scopes: Sequence[Scope], books: dict[int, tuple], kinds: Sequence[tuple[int, int]]
) -> np.ndarray:
    """Which of the scopes (instance, market, set; -1 if not asked for) the trades of each (book,
    parameter set or 0) count in: shape (kinds, 3)."""
    index = {
        (scope.kind, scope.instance_id, scope.market_id or scope.parameter_set_id or 0,
         scope.mode, scope.currency): at
        for at, scope in enumerate(scopes)
    }  # fmt: skip
    whole, of_market, of_set = (kind.value for kind in Scope.Kind)
    table = []
    for book, member in kinds:
        instance, market, *rest = books[book]
        table.append((
            index.get((whole, instance, 0, *rest), -1),
            index.get((of_market, instance, market, *rest), -1),
            index.get((of_set, instance, member, *rest), -1),
        ))  # fmt: skip
    return np.array(table, dtype=np.int64).reshape(-1, 3)

"""Pages of large tables, newest first, by key: nothing is counted, skipped over or scanned.

A list is read along an index. Where a filter selects several stretches of it (a few books, one
after the other), each is a branch; the newest rows of every branch are merged. What no index
serves is tested row by row, but only on so many rows at a time: such a page may hold fewer rows
than asked for, or none, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

from trading.db.bulk import chunks

Key = tuple[int, ...]

END = 2**63 - 1  # beyond every key
LOOK = 10_000  # rows that one page tests against conditions that no index serves
TOGETHER = 200  # branches in one statement; SQLite takes at most 500


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL with its values: ``Condition("book_id = %s", (7,))``."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed, in which order.

    ``columns`` are integers that name a row together; each branch joined with them must be the
    beginning of an index. ``rest`` are conditions that no index serves.
    """

    table: str
    columns: tuple[str, ...]
    branches: tuple[tuple[Condition, ...], ...] = ((),)
    rest: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Keys of a page, newest first, and where the pages beside it begin (None at an end).

    ``partial`` says that the page ended because enough rows had been looked at.
    """

    keys: list[Key] = field(default_factory=list)
    newer: Key | None = None
    older: Key | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """From where to read, which way, and how far."""

    start: Key | None
    ascending: bool
    limit: int

    @property
    def direction(self) -> str:
        return "ASC" if self.ascending else "DESC"

    def sorted(self, keys: list[Key]) -> list[Key]:
        return sorted(keys, reverse=not self.ascending)


def page(
    listing: Listing, size: int, *, before: Key | None = None, after: Key | None = None
) -> Page:
    """The newest page, or the one that is older than ``before`` or newer than ``after``.

    Rows newer than ``after`` that do not fill a page are shown as the newest page.
    """
    if after is not None:
        fetched, horizon = _read(listing, _Way(after, True, size + 1))
        if len(fetched) > size or horizon is not None:
            keys = fetched[:size][::-1]
            newer = keys[0] if len(fetched) > size else horizon
            return Page(keys, newer, keys[-1] if keys else horizon, len(fetched) <= size)
    fetched, horizon = _read(listing, _Way(before, False, size + 1))
    keys = fetched[:size]
    newer = None
    if before is not None:
        # An empty page is left again by a step that does not miss the row it came from.
        newer = keys[0] if keys else (*before[:-1], before[-1] - 1)
    if len(fetched) > size:
        return Page(keys, newer, keys[-1])
    return Page(keys, newer, horizon, horizon is not None)


def walk(listing: Listing, size: int) -> Iterator[list[Key]]:
    """All keys of a list, newest first, in lists of at most ``size``."""
    start = None
    while True:
        current = page(listing, size, before=start)
        if current.keys:
            yield current.keys
        if current.older is None:
            return
        start = current.older


def beside(listing: Listing, key: Key, count: int) -> tuple[list[Key], list[Key]]:
    """Up to ``count`` keys next to ``key`` on its newer and its older side, newest first."""
    newer, _ = _read(listing, _Way(key, True, count))
    older, _ = _read(listing, _Way(key, False, count))
    return newer[::-1], older


def _read(listing: Listing, way: _Way) -> tuple[list[Key], Key | None]:
    """The next keys along the way, and the key up to which it was searched, if not to the end."""
    if not listing.rest:
        return _merged(listing, way), None
    # Every branch may end at another key; up to the nearest of these ends nothing is missing.
    keys, ends = [], []
    look = max(LOOK // max(len(listing.branches), 1), 2 * way.limit)
    for branch in listing.branches:
        tested = _tested(listing, branch, way, look)
        keys += tested
        if len(tested) < way.limit and (end := _end(listing, branch, way, look)):
            ends.append(end)
    if not ends:
        return way.sorted(keys)[: way.limit], None
    horizon = min(ends) if way.ascending else max(ends)
    inside = [key for key in keys if (key <= horizon if way.ascending else key >= horizon)]
    return way.sorted(inside)[: way.limit], horizon


def _merged(listing: Listing, way: _Way) -> list[Key]:
    names = ", ".join(str(at + 1) for at in range(len(listing.columns)))
    order = ", ".join(f"{name} {way.direction}" for name in names.split(", "))
    keys: list[Key] = []
    for branches in chunks(listing.branches, TOGETHER):
        parts, values = [], []
        for at, branch in enumerate(branches):
            sql, used = _select(listing, branch, way, way.limit)
            parts.append(f"SELECT * FROM ({sql}) AS branch{at}" if len(branches) > 1 else sql)
            values += used
        union = " UNION ALL ".join(parts)
        if len(branches) > 1:
            union += f" ORDER BY {order} LIMIT {way.limit}"
        keys += _run(union, values)
    return way.sorted(keys)[: way.limit]


def _tested(listing: Listing, branch: tuple[Condition, ...], way: _Way, look: int) -> list[Key]:
    """Keys among the next ``look`` rows of a branch that meet the rest."""
    inner, values = _select(listing, branch, way, look, columns="*")
    where = " AND ".join(condition.sql for condition in listing.rest)
    values = values + [value for condition in listing.rest for value in condition.values]
    columns = ", ".join(listing.columns)
    sql = (
        f"SELECT {columns} FROM ({inner}) AS looked WHERE {where} "
        f"ORDER BY {_order(listing, way)} LIMIT {way.limit}"
    )
    return _run(sql, values)


def _end(listing: Listing, branch: tuple[Condition, ...], way: _Way, look: int) -> Key | None:
    """The last of the next ``look`` rows of a branch; None where there are not so many."""
    sql, values = _select(listing, branch, way, 1)
    rows = _run(f"{sql} OFFSET {look - 1}", values)
    return rows[0] if rows else None


def _select(
    listing: Listing, branch: tuple[Condition, ...], way: _Way, limit: int, columns: str = ""
) -> tuple[str, list[Any]]:
    conditions = [*branch, _beyond(listing.columns, way)]
    where = " AND ".join(condition.sql for condition in conditions)
    sql = (
        f"SELECT {columns or ', '.join(listing.columns)} FROM {listing.table} "
        f"WHERE {where} ORDER BY {_order(listing, way)} LIMIT {limit}"
    )
    return sql, [value for condition in conditions for value in condition.values]


def _beyond(columns: tuple[str, ...], way: _Way) -> Condition:
    sign = ">" if way.ascending else "<"
    marks = ", ".join(["%s"] * len(columns))
    # An open end is written as a bound too: every plan is then a search along an index.
    start = way.start or ((-END if way.ascending else END),) * len(columns)
    row = Condition(f"({', '.join(columns)}) {sign} ({marks})", start)
    if len(columns) == 1:
        return row
    # Said again for the leading column alone, which is what an index can begin at.
    return replace(row, sql=f"{columns[0]} {sign}= %s AND {row.sql}", values=(start[0], *start))


def _order(listing: Listing, way: _Way) -> str:
    return ", ".join(f"{column} {way.direction}" for column in listing.columns)


def _run(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [tuple(row) for row in cursor.fetchall()]


def distinct(table: str, columns: tuple[str, str], limit: int = 1_000) -> list[tuple[Any, ...]]:
    """The different pairs of the two leading columns of an index, found by hopping along it.

    The first column holds ids. Where there are more than ``limit`` pairs, the smallest second
    values of each first one come first.
    """
    first, second = columns
    # Two steps, each along one column: a comparison of both at once would walk through all rows
    # of a first value to find the next one.
    pairs = _run(
        f"WITH RECURSIVE step({first}) AS ("
        f"SELECT * FROM (SELECT {first} FROM {table} WHERE {first} > 0 "
        f"ORDER BY {first} LIMIT 1) AS start "
        f"UNION ALL SELECT (SELECT big.{first} FROM {table} AS big "
        f"WHERE big.{first} > step.{first} ORDER BY big.{first} LIMIT 1) "
        f"FROM step WHERE step.{first} IS NOT NULL), "
        f"hop({first}, {second}) AS ("
        f"SELECT {first}, (SELECT big.{second} FROM {table} AS big "
        f"WHERE big.{first} = step.{first} ORDER BY big.{second} LIMIT 1) "
        f"FROM step WHERE {first} IS NOT NULL "
        f"UNION ALL SELECT {first}, (SELECT big.{second} FROM {table} AS big "
        f"WHERE big.{first} = hop.{first} AND big.{second} > hop.{second} "
        f"ORDER BY big.{second} LIMIT 1) FROM hop WHERE hop.{second} IS NOT NULL) "
        f"SELECT {first}, {second} FROM hop WHERE {second} IS NOT NULL LIMIT {limit}",
        [],
    )
    return sorted(pairs)

"""Many rows in one statement, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from types import NoneType

import msgspec
from django.db import connection, models

from trading.db import copy_text
from trading.ledger import amounts

_BYTEA = 17  # PostgreSQL's number of the type
_VALUES = 3  # rows up to which PostgreSQL is given values, and not arrays
FEW = 20  # rows up to which one statement is faster than PostgreSQL's COPY
_PORTION = 250  # rows that PostgreSQL reads while the next are written
_TOGETHER = (250, 25, 1)  # rows in one of SQLite's statements; each number is prepared once


@contextmanager
def inserting(model: type[models.Model], columns: Mapping[str, Sequence[object]]) -> Iterator[None]:
    """Insert rows that are known to be new, given as columns, in a transaction that ends with any
    error. PostgreSQL takes many in while the block runs, which must not use the database."""
    count = len(next(iter(columns.values())))
    if connection.vendor == "postgresql" and count > FEW:
        copy = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
        with _binding() as cursor, cursor.copy(copy) as sending:
            for at in range(0, count, _PORTION):
                part = {name: values[at : at + _PORTION] for name, values in columns.items()}
                sending.write(copy_text.lines(part))
            yield
        return
    if count:
        values = (_bindable(model, name, column) for name, column in columns.items())
        _insert(model, list(columns), list(zip(*values, strict=True)))
    yield


def _bindable(model: type[models.Model], name: str, values: Sequence[object]) -> Sequence[object]:
    """SQLite's booleans as the numbers that they are: it takes a microsecond to adapt each."""
    if connection.vendor == "postgresql" or _type(model, name) != "bool":
        return values
    return list(map(_NUMBERS.__getitem__, values))


_NUMBERS = {False: 0, True: 1, None: None}


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    conflict: Sequence[str],
    update: Sequence[str] = (),
    newer: str = "",
) -> None:
    """Insert rows; where ``conflict`` columns clash, update ``update`` of the stored row.

    ``newer`` names a column: a stored row is only replaced by one whose value is greater.
    """
    if not rows:
        return
    action = "NOTHING"
    if update:
        action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in update)
        if newer:
            action += f" WHERE excluded.{newer} > {model._meta.db_table}.{newer}"
    _insert(model, columns, rows, f" ON CONFLICT ({', '.join(conflict)}) DO {action}")


def _insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    tail: str = "",
) -> None:
    into = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
    if connection.vendor == "postgresql" and len(rows) <= _VALUES:
        marks = f"({', '.join(['%s'] * len(columns))})"
        with _binding() as cursor:
            every = ", ".join([marks] * len(rows))
            cursor.execute(f"{into} VALUES {every}{tail}", list(chain(*rows)))
        return
    if connection.vendor == "postgresql":
        types = [_type(model, name) for name in columns]
        values = [list(column) for column in zip(*rows, strict=True)]
        lists = ", ".join(map(_array, types, values))
        with _binding() as cursor:
            cursor.execute(f"{into} SELECT * FROM unnest({lists}){tail}", values)
        return
    marks = f"({', '.join('?' * len(columns))})"
    if not tail:
        # To undo one statement alone SQLite would copy each page that it touches. Whoever inserts
        # new rows undoes the whole transaction.
        into = into.replace("INSERT", "INSERT OR FAIL", 1)
    connection.ensure_connection()
    with connection.wrap_database_errors:
        at = 0
        for size in _TOGETHER:
            end = at + (len(rows) - at) // size * size
            if end > at:
                # Several rows a statement take half the time; Django's cursor would look for
                # marks of its own in each.
                connection.connection.executemany(
                    f"{into} VALUES {', '.join([marks] * size)}{tail}",
                    [list(chain(*rows[first : first + size])) for first in range(at, end, size)],
                )
            at = end


def _array(kind: str, values: list) -> str:
    """How a column is sent: binary, as text would be longer and escaped value by value; but as
    text where its values are of several types, which a binary array cannot hold."""
    binary = kind == "bytea" or len({type(value) for value in values} - {NoneType}) == 1
    return f"{'%b' if binary else '%s'}::{kind}[]"


def decimal(value: Decimal | None) -> Decimal | float | None:
    """A Decimal as its column takes it: SQLite keeps decimals as floats, exact to 15 digits."""
    if value is None or connection.vendor == "postgresql":
        return value
    return float(value)


def moment(value: datetime) -> object:
    """A datetime as its column takes it: SQLite keeps the text that Django writes."""
    return connection.ops.adapt_datetimefield_value(value)


def json(value: object) -> str:
    """The text of a JSON column."""
    return msgspec.json.encode(value).decode() if value != {} else "{}"


def jsons(values: Sequence[object]) -> list[str]:
    """The texts of a JSON column."""
    # A line each; line breaks within texts are escaped.
    return _LINES.encode_lines(values).decode().split("\n")[:-1]


_LINES = msgspec.json.Encoder()


def plain(value: object) -> object:
    """A column's value as JSON holds it."""
    if isinstance(value, Decimal):
        return amounts.plain(value)
    return value.isoformat() if isinstance(value, datetime) else value


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys for rows about to be inserted, ascending; call inside the transaction."""
    return ask_ids(model, count)()


def ask_ids(model: type[models.Model], count: int) -> Callable[[], list[int]]:
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        asked = ask(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return lambda: sorted(row[0] for row in asked())
    # The transaction holds SQLite's only write lock, so nobody else can take these; the
    # sequence remembers the keys of deleted rows, which must not return.
    asked = ask("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])

    def free() -> list[int]:
        first = asked()[0][0] + 1
        return list(range(first, first + count))

    return free


@contextmanager
def together() -> Iterator[None]:
    """What is asked and written inside goes to PostgreSQL without waiting for one answer before
    the next statement. COPY is not possible, nor may a statement be expected to fail."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def ask(sql: str, values: Sequence[object]) -> Callable[[], list[tuple]]:
    """Run a query; its rows are waited for when they are called for, once."""
    cursor = connection.cursor()
    cursor.execute(sql, values)

    def answer() -> list[tuple]:
        with cursor:
            return cursor.fetchall()

    return answer


def among(column: str, texts: Collection[str]) -> tuple[str, list[object]]:
    """The condition that a column of text is one of ``texts``, and its values."""
    if connection.vendor == "postgresql":
        # One array: psycopg would escape every text apart.
        return f"{column} = ANY(%s::text[])", [copy_text.array(list(texts))]
    return f"{column} IN ({', '.join(['%s'] * len(texts))})", list(texts)


def binary(sql: str, values: Sequence[object], *, often: bool = False) -> list[tuple]:
    """Rows of a query over binary columns, which come as bytes or as views of what was received,
    and not as hex text. A statement that is asked ``often`` in the same words keeps its plan."""
    if connection.vendor == "postgresql":
        return _postgres_binary(sql, values, often)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@contextmanager
def _binding() -> Iterator:
    """A cursor whose values the server binds; Django's own put them into the text of the
    statement, which rules binary values and results out."""
    from psycopg import Cursor

    connection.ensure_connection()
    adapters = connection.connection.adapters
    if adapters.get_loader(_BYTEA, _view().format) is not _view():
        adapters.register_loader("bytea", _view())
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        yield cursor


def _postgres_binary(sql: str, values: Sequence[object], often: bool) -> list[tuple]:
    with _binding() as cursor:
        return cursor.execute(sql, values, binary=True, prepare=often or None).fetchall()


@cache
def _view() -> type:
    from psycopg.adapt import Loader
    from psycopg.pq import Format

    class View(Loader):
        """Megabytes of columns need no copy: the view keeps the received rows alive."""

        format = Format.BINARY

        def load(self, data):
            return data

    return View


def chunks(rows: Iterable, size: int) -> Iterable[list]:
    """Lists of at most ``size`` rows."""
    batch: list = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


@cache
def _type(model: type[models.Model], column: str) -> str:
    for field in model._meta.concrete_fields:
        if field.column == column:
            kind = field.db_type(connection)
            return kind.split("(")[0].split(" GENERATED")[0]
    raise LookupError(f"{model.__name__} has no column {column}")


def placeholders(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))

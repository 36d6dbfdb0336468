"""Queries that are asked over and over, past the layers that a rare one does not notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper


def first(sql: str, values: Sequence[object]) -> tuple | None:
    """The first row of a query, which PostgreSQL plans once a connection. SQLite's module keeps
    the last statements of a connection by itself. Marks are ``%s`` for both."""
    # As Django's own cursor does: a connection that was lost since the last request is replaced.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            cursor = _cursor()(connection.connection)
            return cursor.execute(_dollars(sql), values, prepare=True).fetchone()
        return connection.connection.execute(_question_marks(sql), values).fetchone()


def ask(sql: str, values: Sequence[object]) -> Callable[[], list[tuple]]:
    """Run a statement in a transaction that was begun; its rows are waited for when they are
    called for. In a pipeline (``bulk.together``) nothing waits before that."""
    held = connections[DEFAULT_DB_ALIAS]
    with held.wrap_database_errors:
        if held.vendor == "postgresql":
            cursor = _cursor()(held.connection)
            return cursor.execute(_dollars(sql), values, prepare=True, binary=True).fetchall
        return held.connection.execute(_question_marks(sql), values).fetchall


def at_once(*statements: tuple[str, Sequence[object]]) -> int:
    """Run statements in a transaction of their own that is one message to PostgreSQL, where none
    is open; returns how many rows the last one gave."""
    from trading.db.pipeline import exchange

    held = connections[DEFAULT_DB_ALIAS]
    held.close_if_health_check_failed()
    held.ensure_connection()
    said = [(_dollars(sql), values) for sql, values in statements]
    with held.wrap_database_errors:
        try:
            return exchange(held.connection, said)
        finally:
            if held.connection.closed:
                held.close()


@contextmanager
def transaction() -> Iterator[None]:
    """A transaction around what is asked inside, where none is open; with PostgreSQL it begins
    with the first message and is committed with the last. Django does not know of it: what it
    is to do on commit, it does at once."""
    held = connections[DEFAULT_DB_ALIAS]
    held.close_if_health_check_failed()
    held.ensure_connection()
    with held.wrap_database_errors:
        try:
            with _begun(held):
                yield
        except BaseException:
            # The connection is used again, if it can be.
            try:
                held.connection.rollback()
            except held.Database.Error:
                held.close()
            raise


@contextmanager
def _begun(held: BaseDatabaseWrapper) -> Iterator[None]:
    if held.vendor != "postgresql":
        held.connection.execute("BEGIN IMMEDIATE")
        yield
        held.connection.execute("COMMIT")
        return
    with held.connection.pipeline():
        cursor = _cursor()(held.connection)
        cursor.execute("BEGIN")
        yield
        cursor.execute("COMMIT")


@cache
def _question_marks(sql: str) -> str:
    return sql.replace("%s", "?")


@cache
def _cursor() -> type:
    # The others look for marks in each statement anew, if it has many.
    from psycopg import RawCursor

    return RawCursor


@cache
def _dollars(sql: str) -> str:
    first, *others = sql.split("%s")
    return first + "".join(f"${at}{text}" for at, text in enumerate(others, 1))

"""Statements that go to PostgreSQL in one message: all of them are done, or none."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connection

from trading.db import prepared

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite needs no messages"),
]
ADD = "INSERT INTO trading_market (name) VALUES (%s) RETURNING id"
ALL = "SELECT name FROM trading_market WHERE name <> %s"


def names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM trading_market")
        return {row[0] for row in cursor.fetchall()}


def prepared_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'message%'")
        return cursor.fetchone()[0]


def test_what_is_told_is_how_many_rows_the_last_statement_gave():
    assert prepared.at_once((ADD, ("one",)), (ADD, ("two",)), (ALL, ("",))) == 2
    assert prepared.at_once((ALL, ("two",))) == 1
    assert (
        prepared.at_once((ALL, ("",)), ("DELETE FROM trading_market WHERE name = %s", ("x",))) == 0
    )
    assert names() == {"one", "two"}


def test_values_arrive_as_the_columns_hold_them():
    kinds = (
        "SELECT 1 WHERE %s::bigint = -9007199254740993 AND %s::numeric = 0.1"
        " AND %s::float8 = 1e-300 AND %s::boolean AND NOT %s::boolean"
        " AND %s::bytea = '\\x00ff5c'::bytea AND %s::text IS NULL AND %s::text = 'é\\''\"'"
    )
    values = (-9007199254740993, 0.1, 1e-300, True, False, b"\x00\xff\\", None, "é\\'\"")
    assert prepared.at_once((kinds, values)) == 1


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ((ADD, ("one",)), IntegrityError),
        (("SELECT %s::bigint", ("no number",)), DataError),
        (("SELECT nothing FROM nowhere", ()), DatabaseError),
    ],
)
def test_a_statement_that_fails_undoes_all_and_leaves_the_connection_in_order(statement, error):
    prepared.at_once((ADD, ("one",)))
    with pytest.raises(error):
        prepared.at_once((ADD, ("two",)), statement, (ADD, ("three",)))
    assert names() == {"one"}
    assert prepared.at_once((ADD, ("two",)), (ALL, ("",))) == 2


def test_a_statement_is_prepared_once_a_connection():
    connection.close()
    for name in "abc":
        prepared.at_once((ADD, (name,)))
    with pytest.raises(DataError):
        prepared.at_once((ADD, ("d",)), ("SELECT 1 / %s::int", (0,)))
    with pytest.raises(DataError):
        prepared.at_once((ADD, ("d",)), ("SELECT 1 / %s::int", (0,)))
    assert prepared_statements() == 2
    connection.close()
    assert prepared.at_once((ADD, ("d",)), (ALL, ("",))) == 4
    assert prepared_statements() == 2


def test_a_connection_that_is_cut_meanwhile_is_replaced():
    prepared.at_once((ADD, ("one",)))
    cut = threading.Timer(0.3, end, [connection.connection.info.backend_pid])
    cut.start()
    with pytest.raises(OperationalError):
        prepared.at_once((ADD, ("two",)), ("SELECT pg_sleep(%s)", (20,)))
    cut.join()
    assert names() == {"one"}
    assert prepared.at_once((ADD, ("two",)), (ALL, ("",))) == 2


def end(process: int) -> None:
    try:
        with connection.cursor() as cursor:  # a connection of its own, as each thread has
            cursor.execute("SELECT pg_terminate_backend(%s)", [process])
    finally:
        connection.close()

"""A kept connection that PostgreSQL has closed is replaced; one that lives is not asked first."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from trading.db import prepared
from trading.models import Bot

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.SQLITE, reason="needs a database that is a server"),
]


def echo(number: int) -> int:
    return prepared.first("SELECT %s::int", [number])[0]


def between_requests() -> None:
    connection.close_if_unusable_or_obsolete()


def on_another(sql: str, *values: object) -> tuple | None:
    """The first row of a statement that another connection runs."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone() if cursor.description else None
    finally:
        other.close()
        time.sleep(0.1)  # what the server tells us meanwhile has arrived


def ours() -> int:
    """The server's number of our connection."""
    connection.ensure_connection()
    return connection.connection.info.backend_pid


@pytest.mark.parametrize("ask", [lambda: Bot.objects.count(), lambda: echo(0)])
def test_a_connection_that_was_closed_meanwhile_is_replaced(ask):
    ask()
    between_requests()
    before = ours()
    on_another("SELECT pg_terminate_backend(%s)", before)
    assert ask() == 0
    assert ours() != before


def test_a_connection_that_lives_is_kept_and_not_asked():
    assert echo(1) == 1
    before = ours()
    between_requests()
    assert connection.is_usable()
    (last,) = on_another("SELECT query FROM pg_stat_activity WHERE pid = %s", before)
    assert last == "SELECT $1::int"
    assert (echo(2), ours()) == (2, before)


def test_a_connection_that_failed_is_replaced_for_the_next_request():
    on_another("SELECT pg_terminate_backend(%s)", ours())
    with pytest.raises(DatabaseError):
        echo(1)
    between_requests()
    assert echo(2) == 2


def test_a_word_of_the_server_is_no_reason_to_leave_it():
    before = ours()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
        on_another("NOTIFY news")
        assert connection.is_usable()
        cursor.execute("UNLISTEN news")
    between_requests()
    assert (echo(1), ours()) == (1, before)

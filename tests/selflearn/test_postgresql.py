"""A kept connection that PostgreSQL has closed is replaced."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from trading.models import Bot

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.SQLITE, reason="needs a database that is a server"),
]


def between_requests() -> None:
    connection.close_if_unusable_or_obsolete()


def terminate(backend: int) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    finally:
        other.close()


def backend() -> int:
    """The server's number of our connection."""
    connection.ensure_connection()
    return connection.connection.info.backend_pid


def test_a_connection_that_was_closed_meanwhile_is_replaced():
    assert Bot.objects.count() == 0
    between_requests()
    before = backend()
    terminate(before)
    assert Bot.objects.count() == 0
    assert backend() != before


def test_a_connection_that_lives_is_kept():
    before = backend()
    between_requests()
    assert (Bot.objects.count(), backend()) == (0, before)


def test_a_connection_that_failed_is_replaced_for_the_next_request():
    terminate(backend())
    with pytest.raises(DatabaseError):
        Bot.objects.count()
    between_requests()
    assert Bot.objects.count() == 0

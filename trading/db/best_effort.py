"""Optional writes: skipped if another transaction holds the rows.

A bot that fetches its parameters must not wait for a long write only to have its request recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, models, transaction


def note(rows: models.QuerySet[Any], **values: object) -> bool:
    """Update rows; False where another transaction holds them and they stay as they are."""
    if connection.vendor == "postgresql":
        free = rows.select_for_update(skip_locked=True, no_key=True).order_by()
        with nullcontext() if connection.in_atomic_block else transaction.atomic():
            unlocked = rows.model._base_manager.filter(pk__in=free.values("pk"))
            return bool(unlocked.update(**values))
    return bool(_unless_busy(lambda: rows.update(**values)))


def once(model: type[models.Model], **values: object) -> bool:
    """Insert a row unless it exists; False if another transaction is writing."""
    row = model(**values)

    def write() -> bool:
        model._base_manager.bulk_create([row], ignore_conflicts=True)
        return True

    return bool(_unless_busy(write))


def _unless_busy(write: Callable[[], bool | int]) -> bool | int:
    """The result of ``write``; False if SQLite would have to wait for another writer."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return write()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            return write()
        except OperationalError:
            return False
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {settings.SQLITE_BUSY_SECONDS * 1000}")

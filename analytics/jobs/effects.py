"""Effects that happen once, however often the work that makes them is started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from analytics.models import Effect


@contextmanager
def once(key: str) -> Iterator[bool]:
    """Say whether this is the first time for ``key``; what is written inside commits with it.

    ``with once("digest 2025-01-31") as first: if first: ...``. A block that raises, or a process
    that dies in it, leaves nothing behind: the next one is the first. It guards rows of this
    database; what leaves it (a mail) can still go out twice when the process dies in between.
    """
    with transaction.atomic():
        yield _claim(key)


def _claim(key: str) -> bool:
    try:
        with transaction.atomic():
            Effect.objects.create(key=key)
    except IntegrityError:
        return False
    return True

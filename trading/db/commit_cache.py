"""What a process remembers of rows that never change once they are committed.

Only committed rows are remembered. Deleting a bot takes its rows along; a process that still
remembers them is told so by the database (a foreign key fails), and forgets everything.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from django.db import transaction

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
MOST = 100_000
_all: list[Memory] = []


class Memory(Generic[Key, Value]):
    """A mapping that takes an entry in when the transaction that knows it has committed."""

    def __init__(self, most: int = MOST) -> None:
        self._held: dict[Key, Value] = {}
        self._most = most
        _all.append(self)

    def get(self, key: Key) -> Value | None:
        return self._held.get(key)

    def keep(self, key: Key, value: Value) -> None:
        def commit() -> None:
            if len(self._held) >= self._most:
                self._held.clear()
            self._held[key] = value

        transaction.on_commit(commit)

    def forget(self) -> None:
        self._held.clear()


def forget() -> None:
    """Look everything up again."""
    for memory in _all:
        memory.forget()

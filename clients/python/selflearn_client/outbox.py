"""The queue on disk: what was put is there until the server has it, through kill -9 at any instant.

SQLite in WAL mode: a committed row survives the death of the process, whatever it was doing. A
checkpoint each second (``settle``) makes it survive the loss of power too; with ``durable=True``
every single call waits for the disk.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .errors import DirectoryInUse

log = logging.getLogger("selflearn_client")
_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL,
    rows INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_kind ON outbox (kind);
CREATE TABLE IF NOT EXISTS stretch (
    strategy TEXT NOT NULL, market TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (strategy, market)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
_INSERT = "INSERT INTO outbox (kind, key, rows, body) VALUES (?, ?, ?, ?)"


class Item(NamedTuple):
    id: int
    kind: str
    key: str
    rows: int
    body: bytes


class New(NamedTuple):
    """A row to queue; ``replaces`` drops what still waits under the same kind and key."""

    kind: str
    key: str
    body: bytes
    rows: int = 1
    replaces: bool = False


class Outbox:
    """Thread-safe; one process at a time."""

    def __init__(self, folder: Path, durable: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = folder / "queue.sqlite3"
        self._lock = threading.RLock()
        # Rows that the disk refused; they wait here for it.
        self._homeless: list[New] = []
        self._owner = _own(folder / "owner.sqlite3")
        try:
            self._base = self._open(durable)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            aside = self._file.with_name(f"queue.broken-{time.time_ns()}.sqlite3")
            self._file.rename(aside)
            log.error("the queue could not be read (%s); it lies in %s now", error, aside.name)
            self._base = self._open(durable)

    def _open(self, durable: bool) -> sqlite3.Connection:
        base = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        # Checkpoints wait for the disk: never in the bot's own call.
        base.execute("PRAGMA wal_autocheckpoint=0")
        base.executescript(_TABLES)
        return base

    def put(self, *new: New) -> None:
        """Queue rows, all or none. Never fails: what the disk refuses waits in memory for it."""
        with self._lock:
            self._homeless += new
            try:
                self._house()
            except sqlite3.Error as error:
                log.error(
                    "the queue cannot be written (%s); %d rows wait in memory",
                    error,
                    len(self._homeless),
                )

    def _house(self) -> None:
        if not self._homeless:
            return
        with self._transaction() as base:
            for row in self._homeless:
                if row.replaces:
                    base.execute(
                        "DELETE FROM outbox WHERE kind = ? AND key = ?", (row.kind, row.key)
                    )
                base.execute(_INSERT, (row.kind, row.key, row.rows, row.body))
        self._homeless.clear()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield self._base
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        try:
            self._base.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._base.execute("ROLLBACK")
            raise

    def batch(self, kind: str, most_rows: int, most_bytes: int) -> list[Item]:
        """The oldest rows of a kind, in order; at least one where there is any."""
        with self._lock:
            with contextlib.suppress(sqlite3.Error):
                self._house()
            found = self._base.execute(
                "SELECT id, kind, key, rows, body FROM outbox WHERE kind = ? ORDER BY id LIMIT ?",
                (kind, most_rows),
            )
            taken: list[Item] = []
            for item in map(Item._make, found):
                most_rows -= item.rows
                most_bytes -= len(item.body)
                if taken and (most_rows < 0 or most_bytes < 0):
                    break
                taken.append(item)
            return taken

    def remove(self, items: Sequence[Item]) -> None:
        """What the server has, or refused for good."""
        with self._lock, self._transaction() as base:
            base.executemany("DELETE FROM outbox WHERE id = ?", [(item.id,) for item in items])

    def waiting(self, kind: str, key: str) -> bytes | None:
        """The newest body that still waits under a kind and key."""
        with self._lock:
            for row in reversed(self._homeless):
                if (row.kind, row.key) == (kind, key):
                    return row.body
            row = self._base.execute(
                "SELECT body FROM outbox WHERE kind = ? AND key = ? ORDER BY id DESC LIMIT 1",
                (kind, key),
            ).fetchone()
            return bytes(row[0]) if row else None

    def count(self) -> int:
        """How many rows wait."""
        with self._lock:
            rows = self._base.execute("SELECT count(*) FROM outbox").fetchone()[0]
            return int(rows) + len(self._homeless)

    def stretches(self) -> dict[tuple[str, str], bytes]:
        with self._lock:
            rows = self._base.execute("SELECT strategy, market, body FROM stretch")
            return {(strategy, market): bytes(body) for strategy, market, body in rows}

    def keep_stretch(self, strategy: str, market: str, body: bytes, done: New | None) -> None:
        """Keep the counts of an open stretch and, in the same transaction, queue a closed one."""
        with self._lock:
            try:
                with self._transaction() as base:
                    base.execute(
                        "INSERT OR REPLACE INTO stretch VALUES (?, ?, ?)", (strategy, market, body)
                    )
                    if done:
                        base.execute(_INSERT, (done.kind, done.key, done.rows, done.body))
            except sqlite3.Error as error:
                log.error("evaluation counts cannot be written (%s)", error)
                self._homeless += [done] if done else []

    def keep(self, name: str, body: bytes) -> None:
        with self._lock:
            self._base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, body))

    def kept(self) -> dict[str, bytes]:
        with self._lock:
            return {name: bytes(body) for name, body in self._base.execute("SELECT * FROM kept")}

    def settle(self) -> None:
        """Bring what was written to the disk itself, on a connection that no call waits for."""
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(self._file)) as base,
        ):
            base.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        with self._lock:
            with contextlib.suppress(sqlite3.Error):
                self._house()
            self._base.close()
            self._owner.close()


def _own(file: Path) -> sqlite3.Connection:
    """A lock that ends with the process, however that ends."""
    base = sqlite3.connect(file, timeout=0, check_same_thread=False, isolation_level=None)
    try:
        base.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        base.close()
        raise DirectoryInUse(
            f"another client works in {file.parent}; give each bot a directory of its own"
        ) from None
    return base

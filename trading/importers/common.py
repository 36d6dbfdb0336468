"""What several importers need: parsers of options, and a foreign SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from trading.importers.base import Unreadable
from trading.validation import limits

_WAL = b"\x02\x02"


class SqliteFile:
    """A database that is only read, by whole tables. Raises Unreadable.

    ``wal_missing`` is True where the newest rows may lie in a -wal file that is not beside it.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise Unreadable(f"there is no file {path}")
        with path.open("rb") as file:
            head = file.read(20)
        if not head.startswith(b"SQLite format 3\x00"):
            raise Unreadable(f"{path} is not an SQLite file")
        self.wal_missing = head[18:20] == _WAL and not Path(f"{path}-wal").exists()
        # Without its -wal a file in WAL mode opens read-only only when it is declared immutable,
        # which it is: nobody writes to a copy.
        mode = "mode=ro&immutable=1" if self.wal_missing else "mode=ro"
        self.database = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
        self.database.row_factory = sqlite3.Row
        try:
            names = self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            self.tables = {row[0] for row in names}
        except sqlite3.DatabaseError as error:
            self.database.close()
            raise Unreadable(f"{path} cannot be read: {error}") from error

    def __enter__(self) -> SqliteFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.database.close()

    def count(self, table: str) -> int:
        if table not in self.tables:
            return 0
        return int(self.database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])

    def rows(self, table: str, order: str) -> Iterator[sqlite3.Row]:
        """The rows of a table; none where it is missing."""
        if table in self.tables:
            try:
                yield from self.database.execute(f"SELECT * FROM {table} ORDER BY {order}")
            except sqlite3.DatabaseError as error:
                raise Unreadable(f"table {table}: {error}") from error


def moment(text: str) -> datetime:
    """A time as text; a date, or a time without offset, is UTC. Raises ValueError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = datetime.combine(date.fromisoformat(text), time.min)
    return limits.moment(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def parameter_file(text: str) -> dict[str, dict[str, Any]]:
    """Parameters by strategy from a JSON file. Raises ValueError."""
    try:
        values = json.loads(Path(text).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{text} cannot be read as JSON: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(part, dict) for part in values.values()):
        raise ValueError(f'{text} must hold {{"strategy": {{"parameter": value}}}}')
    return values

"""Rows as lines of CSV, in which nothing runs as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from trading import clock

_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


class _Line:
    """What csv writes to, a line at a time."""

    def write(self, text: str) -> str:
        return text


def lines(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The names, and a line for each row."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    # A spreadsheet would run a cell that begins like a formula; numbers are none.
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value

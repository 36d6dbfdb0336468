"""CSV: the only writer of rows, and the only rule for text that a spreadsheet could run.

Every download uses it: lists in the admin, the API, import-export and the commands.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice

from django.http import StreamingHttpResponse

from trading import clock
from trading.ledger.amounts import plain

# Spreadsheets run cells that begin with these, or drop the character and run what follows.
FORMULA_STARTS = tuple("=+-@|\uff1d\uff0b\uff0d\uff20\t\r\n\0")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LINES_PER_CHUNK = 500


class _Echo:
    """A file whose ``write`` returns the text, so that ``csv`` can write into a stream."""

    def write(self, text: str) -> str:
        return text


def escape(text: str) -> str:
    """Text that would run as a formula gets a leading apostrophe; plain numbers do not."""
    dangerous = text.startswith(FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if dangerous else text


def cell(value: object) -> object:
    """A value as a CSV cell: times in UTC as ISO 8601, ``true`` or ``false``, safe text."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return clock.to_text(value) if isinstance(value, datetime) else value


def lines(header: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The header line, then a line for each row."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    for row in chain([header], rows):
        yield writer.writerow([cell(value) for value in row])


def response(filename: str, csv_lines: Iterable[str]) -> StreamingHttpResponse:
    """A download that is sent while it is read."""
    return StreamingHttpResponse(
        _chunks(iter(csv_lines)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def _chunks(csv_lines: Iterator[str]) -> Iterator[str]:
    while chunk := "".join(islice(csv_lines, _LINES_PER_CHUNK)):
        yield chunk

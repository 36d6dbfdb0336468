"""What every importer is: a reader of one foreign source that writes through the usual services.

To add one: a file with an ``Importer``, its line in the registry (``__init__``), a test that
inherits the contract (tests/trading/importers/contract.py), and a two-line command.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from trading.db.counts import Counts
from trading.models import Bot

Progress = Callable[[int], None]  # gets the number of rows done so far


def no_progress(done: int) -> None:
    """Ignore how far an import is."""


class Unreadable(ValueError):
    """The file or an option is not what it should be; the text says what to do."""


@dataclass(frozen=True)
class Option:
    """One option of an importer: a field of its class, ``--name`` on the command line.

    ``parse`` raises ValueError with the reason.
    """

    name: str
    help: str
    parse: Callable[[str], Any] = str
    metavar: str | None = None
    required: bool = False


@dataclass
class Rows:
    """What became of one kind of row; ``rejected`` maps the row's name to the reason."""

    read: int = 0
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: dict[str, str] = field(default_factory=dict)

    def add(self, counts: Counts) -> None:
        """Add what a write to the database did."""
        self.stored += counts.stored
        self.updated += counts.updated
        self.unchanged += counts.unchanged


@dataclass
class Report:
    """What an import did, by kind of row; ``summary`` and ``notes`` are sentences for people."""

    rows: dict[str, Rows] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> Rows:
        return self.rows.setdefault(kind, Rows())

    def as_dict(self) -> dict[str, Any]:
        """The report as the command prints it with ``--json``."""
        kinds = {kind: asdict(rows) for kind, rows in self.rows.items()}
        return {**kinds, **self.details, "notes": self.notes}


class Importer(ABC):
    """One foreign source. Subclasses are frozen dataclasses whose fields are their options.

    An import only reads its file, changes nothing when it is repeated, and is completed by a
    second run when the first was killed. Raises Unreadable for a bad file.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    needs_bot: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = ()

    @abstractmethod
    def run(self, file: Path, bot: Bot | None, progress: Progress = no_progress) -> Report:
        """Import the whole file."""

    def count(self, file: Path) -> int:
        """The rows that ``progress`` counts to; 0 where that is not known before."""
        return 0

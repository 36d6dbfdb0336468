"""The one pattern of the import commands: options from the importer, a bar, a report."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from trading.importers import Importer, Report, Unreadable
from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import bot_named

SHOWN = 5


class ImportCommand(Base):
    """A command names its importer, and nothing else."""

    importer: ClassVar[type[Importer]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.help = self.importer.help

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        needed = self.importer.needs_bot
        bot_help = None if needed else "whose; without it they are for all bots"
        parser.add_argument("--bot", metavar="NAME", required=needed, help=bot_help)
        for option in self.importer.options:
            parser.add_argument(
                f"--{option.name.replace('_', '-')}",
                required=option.required,
                type=_argument(option.parse),
                metavar=option.metavar,
                help=option.help,
            )

    def handle(self, *, file: Path, bot: str | None, **options: Any) -> None:
        owner = bot_named(bot) if bot else None
        chosen = {option.name: options[option.name] for option in self.importer.options}
        try:
            importer = self.importer(**chosen)
            with progress.bar("Rows", importer.count(file)) as advance:
                report = importer.run(file, owner, advance)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.answer(report.as_dict())
        else:
            self._print(report)
        for kind, rows in report.rows.items():
            if rows.rejected:
                shown = [f"{row}: {reason}" for row, reason in rows.rejected.items()][:SHOWN]
                more = len(rows.rejected) - len(shown)
                raise CommandError(
                    f"{len(rows.rejected):,} {kind} were rejected ({'; '.join(shown)}"
                    f"{f' and {more:,} more' if more else ''})"
                )

    def _print(self, report: Report) -> None:
        for kind, rows in report.rows.items():
            if rows.read:
                name = kind.replace("_", " ").capitalize()
                self.stdout.write(
                    f"{name}: {rows.stored:,} new, {rows.updated:,} changed, "
                    f"{rows.unchanged:,} unchanged, {len(rows.rejected):,} rejected"
                )
        for note in report.notes:
            self.stdout.write(self.style.WARNING(f"Note: {note}"))
        for line in report.summary:
            self.stdout.write(line)


def _argument(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A parser of one option whose ValueError is shown with its own text."""

    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return parsed

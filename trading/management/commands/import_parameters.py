from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from trading.management.base import Command as Base
from trading.management.base import instance_named
from trading.parameters import files
from trading.parameters.errors import Refused


class Command(Base):
    help = (
        "Create a new live version from a file of export_parameters, or from a plain one: "
        '{"rsi_bb": {"rsi_period": 14}}. Parameters that are left out take their defaults.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--reason", required=True, help="why; shown in the history")
        parser.add_argument("--strategy", help="if not the only one that the file names")
        parser.add_argument("--bot", metavar="NAME", help="needed where several run the strategy")

    def handle(
        self, *, file: Path, reason: str, strategy: str | None, bot: str | None, **options: Any
    ) -> None:
        document = self._read(file)
        instance = instance_named(strategy or _only(document, file), bot, make=True)
        try:
            imported = files.import_set(
                instance=instance, document=document, reason=reason, made_by="command"
            )
        except Refused as refused:
            raise CommandError(f"{file}: {refused}") from refused
        if options["json"]:
            self.answer(
                {
                    "bot": instance.bot.name,
                    "strategy": instance.name,
                    "version": imported.version,
                    "values": imported.values,
                }
            )
        else:
            self.stdout.write(f"Version {imported.version} of {instance} is live.")

    def _read(self, file: Path) -> Any:
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{file} is not JSON: {error}") from error


def _only(document: object, file: Path) -> str:
    named = files.strategies_in(document)
    if len(named) == 1:
        return named[0]
    holds = f"holds parameters of {', '.join(named)}" if named else "names no strategy"
    raise CommandError(f"{file} {holds}; say which one with --strategy")

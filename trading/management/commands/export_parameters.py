from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from trading import parameters
from trading.management.base import Command as Base
from trading.management.base import instance_named
from trading.models import ParameterSet, StrategyInstance
from trading.parameters import files


class Command(Base):
    help = "Export a parameter set as JSON: the live one, a version, or a named one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--strategy", required=True, help="key, alias, or rsi_bb@sol")
        parser.add_argument("--bot", metavar="NAME", help="needed where several run the strategy")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--version", type=int, dest="set_version", help="of the parameters")
        which.add_argument("--name", help="the name that a version was given")
        parser.add_argument("--output", type=Path, metavar="FILE", help="instead of printing it")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # --version means the version of the parameters here, not Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def handle(
        self,
        *,
        strategy: str,
        bot: str | None,
        set_version: int | None,
        name: str | None,
        output: Path | None,
        **options: Any,
    ) -> None:
        instance = instance_named(strategy, bot)
        document = files.export_set(self._chosen(instance, set_version, name))
        if output is None:
            self.answer(document)
            return
        try:
            output.write_text(json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from error
        if options["json"]:
            self.answer({"file": str(output), "version": document["version"]})
        else:
            self.stdout.write(
                f"Version {document['version']} of {instance} was written to {output}."
            )

    def _chosen(
        self, instance: StrategyInstance, version: int | None, name: str | None
    ) -> ParameterSet:
        if version is None and name is None:
            return parameters.live_for(instance.bot, instance.name)
        wanted: dict[str, Any] = {"version": version} if name is None else {"preset__name": name}
        chosen: ParameterSet | None = instance.parameter_sets.filter(**wanted).first()
        if chosen is None:
            what = f"version {version}" if name is None else f'version named "{name}"'
            raise CommandError(f"there is no {what} of {instance}")
        return chosen

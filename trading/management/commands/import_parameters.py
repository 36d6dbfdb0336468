import json
from pathlib import Path

from django.core.management.base import CommandError

from trading.management.base import Command as Base
from trading.management.base import instance_named
from trading.parameters import files
from trading.parameters.errors import Refused


class Command(Base):
    help = (
        "Make a new live version from a file that export_parameters wrote, or from a plain one: "
        '{"rsi_bb": {"rsi_period": 14}}. What it leaves out takes its default.'
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--reason", required=True, help="why; it stands in the history")
        parser.add_argument("--strategy", help="if not the only one that the file names")
        parser.add_argument("--bot", metavar="NAME", help="needed where several run the strategy")

    def handle(self, *, file, reason, strategy, bot, **options):
        document = self._read(file)
        instance = instance_named(strategy or _only(document, file), bot, make=True)
        try:
            made = files.import_set(
                instance=instance, document=document, reason=reason, made_by="command"
            )
        except Refused as refused:
            raise CommandError(f"{file}: {refused}") from refused
        if options["json"]:
            self.answer(
                {
                    "bot": instance.bot.name,
                    "strategy": instance.name,
                    "version": made.version,
                    "values": made.values,
                }
            )
        else:
            self.stdout.write(f"Version {made.version} of {instance} is live.")

    def _read(self, file):
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{file} is not JSON: {error}") from error


def _only(document, file):
    named = files.strategies_in(document)
    if len(named) == 1:
        return named[0]
    holds = f"holds parameters of {', '.join(named)}" if named else "names no strategy"
    raise CommandError(f"{file} {holds}; say which one with --strategy")

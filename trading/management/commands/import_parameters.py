import json
from pathlib import Path

from django.core.management.base import CommandError

from trading import parameter_files
from trading.management.base import Command as Base
from trading.management.base import instance_named
from trading.refusals import Refused


class Command(Base):
    help = "Make a new live version from a file that export_parameters wrote."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--reason", required=True, help="why; it stands in the history")
        parser.add_argument("--strategy", help="if not the one that the file names")
        parser.add_argument("--bot", metavar="NAME", help="needed where several run the strategy")

    def handle(self, *, file, reason, strategy, bot, **options):
        document = self._read(file)
        strategy = strategy or (document.get("strategy") if isinstance(document, dict) else None)
        if not isinstance(strategy, str):
            raise CommandError(f"{file} names no strategy; say which one with --strategy")
        instance = instance_named(strategy, bot, make=True)
        try:
            made = parameter_files.import_set(instance=instance, document=document, reason=reason)
        except Refused as refused:
            raise CommandError(f"{file}: {refused}") from refused
        if options["json"]:
            self.answer({
                "bot": instance.bot.name, "strategy": instance.name, "version": made.version,
                "values": made.values,
            })  # fmt: skip
        else:
            self.stdout.write(f"Version {made.version} of {instance} is live.")

    def _read(self, file):
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{file} is not JSON: {error}") from error

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from trading import parameters
from trading.management.base import Command as Base
from trading.management.base import instance_named
from trading.parameters.errors import Refused


class Command(Base):
    help = "Roll a strategy's parameters back to the values of an earlier version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--strategy", required=True, help="key, alias, or rsi_bb@sol")
        parser.add_argument("--to", type=int, required=True, metavar="VERSION")
        parser.add_argument("--reason", required=True, help="why; shown in the history")
        parser.add_argument("--bot", metavar="NAME", help="needed where several run the strategy")

    def handle(
        self, *, strategy: str, to: int, reason: str, bot: str | None, **options: Any
    ) -> None:
        instance = instance_named(strategy, bot)
        try:
            restored = parameters.roll_back(
                instance=instance, to=to, reason=reason, made_by="command"
            )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if options["json"]:
            self.answer(
                {
                    "bot": instance.bot.name,
                    "strategy": instance.name,
                    "version": restored.version,
                    "rolled_back_to": to,
                    "values": restored.values,
                }
            )
        else:
            self.stdout.write(
                f"Version {restored.version} of {instance} is live, with the values of "
                f"version {to}."
            )

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from trading.db import locks
from trading.management.base import Command as Base
from trading.management.base import bot_named
from trading.models import Trade


class Command(Base):
    help = "Delete a bot with all its data, for example after an import under a wrong name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--yes", metavar="NAME", help="the name again, instead of typing it")

    def handle(self, *, name: str, yes: str | None, **options: Any) -> None:
        bot = bot_named(name)
        trades = Trade.objects.filter(bot=bot).count()
        if (yes or self._ask(name, trades)) != name:
            raise CommandError("nothing was deleted: the name was not repeated")
        with transaction.atomic():
            locks.lock_bot(bot.pk)
            bot.delete()
        if options["json"]:
            self.answer({"bot": name, "trades": trades})
        else:
            self.stdout.write(f'Bot "{name}" was deleted, with {trades:,} trades.')

    def _ask(self, name: str, trades: int) -> str | None:
        try:
            return input(f'"{name}" has {trades:,} trades. This cannot be undone. Type its name: ')
        except EOFError:
            return None

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from trading.bots import tokens
from trading.management.base import Command as Base
from trading.models import Bot, BotToken


class Command(Base):
    help = "Create a bot and its token. The token is printed once and cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--scope", choices=BotToken.Scope.values, default=BotToken.Scope.BOT)

    def handle(self, *, name: str, scope: str, **options: Any) -> None:
        bot = Bot(name=name)
        try:
            bot.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        bot.save()
        _, secret = tokens.issue(bot, scope)
        if options["json"]:
            self.answer({"bot": bot.name, "scope": scope, "token": secret})
            return
        self.stdout.write(f'Bot "{bot.name}" created. Its token (scope {scope}), shown only now:')
        self.stdout.write(f"\n  {secret}\n")
        self.stdout.write(
            f'Import its trades so far: python3 manage.py import_bot_db FILE --bot "{bot.name}"'
        )

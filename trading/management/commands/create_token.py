from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from trading import clock
from trading.bots import tokens
from trading.management.base import Command as Base
from trading.management.base import bot_named, moment
from trading.models import BotToken


class Command(Base):
    help = "Create another token for a bot. It is printed once and cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bot", metavar="BOT")
        parser.add_argument("--scope", choices=BotToken.Scope.values, required=True)
        parser.add_argument("--expires", metavar="TIME", help="2025-12-31 or with time and offset")

    def handle(self, *, bot: str, scope: str, expires: str | None, **options: Any) -> None:
        expires_at = moment(expires) if expires else None
        if expires_at and expires_at <= clock.now():
            raise CommandError(f"{expires} has passed: the token would never work")
        _, secret = tokens.issue(bot_named(bot), scope, expires_at)
        if options["json"]:
            self.answer({"bot": bot, "scope": scope, "token": secret})
        else:
            self.stdout.write(f'Token for "{bot}" (scope {scope}), shown only now:\n\n  {secret}\n')

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from trading.demo import bot, state
from trading.management.base import Command as Base


class Command(Base):
    help = "Create a synthetic market with a paper bot that keeps trading, or remove it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clear", action="store_true", help="remove the demo and nothing else")

    def handle(self, *, clear: bool, **options: Any) -> None:
        quiet = options["json"]
        try:
            result = bot.clear() if clear else bot.fill(say=_silence if quiet else self.say)
        except (state.Taken, RuntimeError) as error:
            raise CommandError(str(error)) from error
        if quiet:
            self.answer(result)
        elif clear:
            self.say(removed(result))
        else:
            self.say(filled(result))

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def filled(result: dict[str, Any]) -> str:
    if not result["filled"]:
        return "The demo exists already and keeps trading while the worker runs."
    return (
        f'The demo is ready: bot "{result["bot"]}", {result["trades"]:,} synthetic paper trades. '
        "It keeps trading while the worker runs; python3 manage.py demo --clear removes it."
    )


def removed(result: dict[str, Any]) -> str:
    if not result["removed"]:
        return "There is no demo."
    return f"The demo and its {result['trades']:,} trades were removed; nothing else was touched."


def _silence(text: str) -> None:
    pass

"""What the commands share: ``--json``, bots by name, times, and one clear line on bad input."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError, connection

from trading import clock, parameters
from trading.models import Bot, StrategyInstance
from trading.performance.selection import Selection
from trading.strategies import UnknownStrategy
from trading.validation import limits


class Command(BaseCommand):
    """A command that can answer in JSON."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        return parser

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            result = super().execute(*args, **options)
            self.stdout.flush()
            return result
        except BrokenPipeError:
            # The reader closed the pipe (``| head``): nothing went wrong.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except (OperationalError, ProgrammingError) as error:
            if "trading_trade" in connection.introspection.table_names():
                raise
            raise CommandError(
                "the database has no tables yet: run 'python3 manage.py up' first (or "
                f"'python3 manage.py migrate'), with the same DATA_DIR ({settings.DATA_DIR})"
            ) from error

    def answer(self, result: object) -> None:
        """Print the result as JSON."""
        self.stdout.write(json.dumps(result, default=_plain, indent=2))


def bot_named(name: str) -> Bot:
    """The bot of a name. Raises CommandError, which lists the existing ones."""
    bot = Bot.objects.filter(name=name).first()
    if bot:
        return bot
    names = list(Bot.objects.values_list("name", flat=True)[:20])
    known = f"there are: {', '.join(names)}" if names else "there is none yet"
    raise CommandError(
        f'no bot is named "{name}"; {known}. Create it with: python3 manage.py create_bot "{name}"'
    )


def instance_named(strategy: str, bot: str | None, make: bool = False) -> StrategyInstance:
    """The instance of a strategy that a bot runs. Raises CommandError.

    ``bot`` may be None where only one bot runs it; ``make`` creates it for a bot that is named.
    """
    owner = bot_named(bot) if bot else None
    try:
        instances = list(Selection(bot=owner, strategy=strategy).instances()[:20])
        if make and owner and not instances:
            return parameters.instance_for(owner, strategy)
    except UnknownStrategy as unknown:
        raise CommandError(str(unknown)) from unknown
    if len(instances) == 1:
        return instances[0]
    if instances:
        names = ", ".join(instance.bot.name for instance in instances)
        raise CommandError(f"several bots run {strategy}: {names}; say which one with --bot")
    raise CommandError(f"{bot} does not run {strategy}" if bot else f"no bot runs {strategy} yet")


def moment(text: str) -> datetime:
    """A time from the command line; a date or a time without offset is UTC."""
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    except ValueError:
        pass
    try:
        parsed = datetime.fromisoformat(text)
        return limits.moment(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
    except ValueError as error:
        raise CommandError(
            f'"{text}" is not a time; write 2025-01-31 or 2025-01-31T12:00:00Z'
        ) from error


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return clock.to_text(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")

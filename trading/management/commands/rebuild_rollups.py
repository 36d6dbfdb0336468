from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.core.management.base import CommandParser

from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import bot_named
from trading.models import StrategyInstance, Trade
from trading.rollups import rebuild


class Command(Base):
    help = "Recompute the daily and hourly aggregates from the trades; trades may arrive meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bot", metavar="NAME", help="only this bot")

    def handle(self, *, bot: str | None, **options: Any) -> None:
        instances = StrategyInstance.objects.select_related("bot").order_by("bot", "pk")
        trades = Trade.objects.order_by()
        if bot:
            instances = instances.filter(bot=bot_named(bot))
            trades = trades.filter(book__instance__bot__name=bot)
        rows: list[dict[str, Any]] = []
        before = 0
        with progress.bar("Trades", trades.count()) as advance:
            for _, group in groupby(instances, key=attrgetter("bot_id")):
                of_bot = list(group)
                before += rebuild.instances(of_bot, _after(before, advance))
                rows += [
                    {
                        "bot": instance.bot.name,
                        "strategy": instance.name,
                        "trades": _count(instance),
                    }
                    for instance in of_bot
                ]
        if options["json"]:
            self.answer(rows)
            return
        for row in rows:
            self.stdout.write(f"{row['bot']} / {row['strategy']}: {row['trades']:,} trades")
        self.stdout.write(f"Rebuilt {len(rows)} strategies from {before:,} trades.")


def _after(before: int, advance: Callable[[int], None]) -> Callable[[int], None]:
    """Progress that continues after the trades of the previous bots."""
    return lambda done: advance(before + done)


def _count(instance: StrategyInstance) -> int:
    return Trade.objects.filter(book__in=instance.books.values("pk")).count()

from itertools import groupby
from operator import attrgetter

from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import bot_named
from trading.models import StrategyInstance, Trade
from trading.rollups import rebuild


class Command(Base):
    help = "Compute the sums by day and hour anew from the trades; trades may arrive meanwhile."

    def add_arguments(self, parser):
        parser.add_argument("--bot", metavar="NAME", help="only of this bot")

    def handle(self, *, bot, **options):
        instances = StrategyInstance.objects.select_related("bot").order_by("bot", "pk")
        trades = Trade.objects.order_by()
        if bot:
            instances = instances.filter(bot=bot_named(bot))
            trades = trades.filter(book__instance__bot__name=bot)
        done, before = [], 0
        with progress.bar("Trades", trades.count()) as advance:
            for _, group in groupby(instances, key=attrgetter("bot_id")):
                mine = list(group)
                before += rebuild.instances(
                    mine, lambda here, before=before: advance(before + here)
                )
                done += [
                    {"bot": one.bot.name, "strategy": one.name, "trades": _count(one)}
                    for one in mine
                ]
        if options["json"]:
            self.answer(done)
            return
        for row in done:
            self.stdout.write(f"{row['bot']} / {row['strategy']}: {row['trades']} trades")
        self.stdout.write(f"Rebuilt {len(done)} strategies from {before} trades.")


def _count(instance: StrategyInstance) -> int:
    return Trade.objects.filter(book__in=instance.books.values("pk")).count()

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from trading.formatting import csv_export
from trading.management.base import Command as Base
from trading.management.base import bot_named, moment
from trading.management.tables import columns, details, flat
from trading.models import Market, Mode, Trade
from trading.performance import measure
from trading.performance.selection import PERIODS, Selection, period
from trading.strategies import UnknownStrategy
from trading.validation import limits


class Command(Base):
    help = "Metrics of closed trades, net of reported fees, as a table, JSON or CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bot", metavar="NAME")
        parser.add_argument("--strategy", help="key, alias, or instance such as rsi_bb@sol")
        parser.add_argument("--market")
        parser.add_argument("--mode", choices=Mode.values, default=Mode.LIVE)
        parser.add_argument("--version", type=int, dest="set_version", help="of the parameters")
        parser.add_argument("--since", metavar="TIME", help="exits from then on (UTC)")
        parser.add_argument("--until", metavar="TIME", help="exits before then (UTC)")
        parser.add_argument(
            "--window", choices=[*PERIODS, "all"], help="instead of --since and --until"
        )
        parser.add_argument(
            "--by",
            help="day, hour (of the day, UTC), strategy, market, exit_reason, version, "
            "feature:NAME or param:NAME",
        )
        parser.add_argument("--csv", action="store_true", help="print as CSV")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # --version means the version of the parameters here, not Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def handle(self, *, by: str | None, **options: Any) -> None:
        if options["json"] and options["csv"]:
            raise CommandError("--json and --csv: choose one")
        selection = self._selection(options)
        try:
            groups = measure(selection, by, detail=True)
        except (ValueError, UnknownStrategy) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.answer([{"key": group.key, **group.metrics} for group in groups])
        elif options["csv"]:
            rows = [flat(group) for group in groups]
            names = list(dict.fromkeys(name for row in rows for name in row))
            cells = ([row.get(name) for name in names] for row in rows)
            for line in csv_export.lines(names, cells):
                self.stdout.write(line, ending="")
        elif not sum(group.metrics["trades"] for group in groups):
            self.stdout.write(self._why_none(selection))
        else:
            self.stdout.write(columns(by, groups) if by else details(groups[0]))

    def _selection(self, options: dict[str, Any]) -> Selection:
        if options["window"] and (options["since"] or options["until"]):
            raise CommandError("--window replaces --since and --until: give one or the other")
        if options["market"] and not limits.MARKET.fullmatch(options["market"]):
            raise CommandError(f"--market must match {limits.MARKET.pattern}")
        since, until = period(options["window"] or "all")
        if options["since"]:
            since = moment(options["since"])
        if options["until"]:
            until = moment(options["until"])
        if since and until and since >= until:
            raise CommandError("--since must be before --until")
        return Selection(
            bot=bot_named(options["bot"]) if options["bot"] else None,
            strategy=options["strategy"],
            market=options["market"],
            mode=options["mode"],
            version=options["set_version"],
            since=since,
            until=until,
        )

    def _why_none(self, selection: Selection) -> str:
        if not Trade.objects.exists():
            return (
                "No trades are stored yet: python3 manage.py create_bot NAME, then "
                "python3 manage.py import_bot_db FILE --bot NAME"
            )
        other = Mode.PAPER if selection.mode == Mode.LIVE else Mode.LIVE
        markets = list(Market.objects.values_list("name", flat=True)[:20])
        if selection.market and selection.market not in markets:
            return f"No trades of {selection.market}; there are: {', '.join(markets)}"
        newest = Trade.objects.filter(book__in=[book.pk for book in selection.books()]).first()
        if newest and (selection.since or selection.until):
            return f"No trades match; the newest closed on {newest.exit_at:%Y-%m-%d %H:%M} UTC."
        if Trade.objects.filter(book__mode=other).exists():
            return f"No {selection.mode} trades match; to see {other} trades: --mode {other}"
        return "No trades match."

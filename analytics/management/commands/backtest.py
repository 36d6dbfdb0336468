from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse

from analytics.management.run_tables import told
from analytics.models import Run
from analytics.quant.outcome import Costs
from analytics.research import backtest, run_store
from trading import clock
from trading.formatting import csv_export
from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import bot_named, instance_named, moment
from trading.validation import limits

SHOWN = 20
STEPS = 1_000


class Command(Base):
    help = "Backtest a strategy on stored candles: metrics, signal funnel, trades."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--strategy", required=True, help="key or alias, such as rsi_bb")
        parser.add_argument("--market", required=True)
        parser.add_argument(
            "--interval",
            required=True,
            type=int,
            metavar="SECONDS",
            help="length of the stored candles",
        )
        parser.add_argument(
            "--bot", metavar="NAME", help="use the candles, live values and fees of this bot"
        )
        parser.add_argument("--from", dest="since", metavar="TIME", help="first bar (UTC)")
        parser.add_argument("--to", dest="until", metavar="TIME", help="end, exclusive (UTC)")
        parser.add_argument(
            "--set",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME=VALUE",
            help="parameters; the others are live with the bot that is named, else declared",
        )
        parser.add_argument(
            "--cost-bps", type=float, metavar="X", help="all costs of each side of a trade"
        )
        parser.add_argument("--next-open", action="store_true", help="fill at the next bar's open")
        parser.add_argument(
            "--trades", type=int, default=SHOWN, metavar="N", help="how many of the newest to show"
        )
        parser.add_argument("--csv", action="store_true", help="print all trades as CSV")
        parser.add_argument("--dry", action="store_true", help="do not store the backtest")

    def handle(self, **options: Any) -> None:
        if options["json"] and options["csv"]:
            raise CommandError("--json and --csv: choose one")
        if options["trades"] < 0:
            raise CommandError("--trades must be 0 or more")
        try:
            run = self._run(options)
            outcome = self._replay(run)
        except (LookupError, ValueError) as error:
            raise CommandError(str(error)) from error
        run.metrics, run.funnel, run.summary = outcome.metrics, outcome.funnel, outcome.summary
        if not options["dry"]:
            run_store.finish(run, outcome)
        self._tell(run, outcome, options)

    def _run(self, options: dict[str, Any]) -> Run:
        if options["interval"] < 1:
            raise CommandError("--interval must be 1 second or more")
        if not limits.MARKET.fullmatch(options["market"]):
            raise CommandError(f"--market must match {limits.MARKET.pattern}")
        since, until = (
            moment(options[name]) if options[name] else None for name in ("since", "until")
        )
        if since and until and since >= until:
            raise CommandError("--from must be before --to")
        strategy, cost = options["strategy"], options["cost_bps"]
        if cost is not None and not 0 <= cost <= 1_000:
            raise CommandError("--cost-bps must be between 0 and 1000")
        backtest.replayable(strategy)
        bot = bot_named(options["bot"]) if options["bot"] else None
        instance = instance_named(strategy, bot.name) if bot else None
        live = backtest.live_values(instance)
        return backtest.prepare(
            strategy=strategy,
            market=options["market"],
            interval=options["interval"],
            values={**live, **_given(options["set"])},
            bot=bot,
            instance=instance,
            since=since,
            until=until,
            costs=None if cost is None else Costs(fee_bps=cost),
            options={"next_open": options["next_open"]},
            started_at=clock.now(),
        )

    def _replay(self, run: Run) -> run_store.Outcome:
        with progress.bar(f"Replaying {run.strategy}", STEPS) as advance:
            return backtest.backtest(run, lambda share: advance(round(share * STEPS)))

    def _tell(self, run: Run, outcome: run_store.Outcome, options: dict[str, Any]) -> None:
        address = reverse("admin:analytics_run_change", args=[run.pk]) if run.pk else None
        if options["csv"]:
            self._csv(outcome.trades)
            return
        if options["json"]:
            self.answer(
                {
                    "id": run.pk,
                    "strategy": run.strategy,
                    "market": run.market,
                    "interval": run.interval,
                    "bars": run.bars,
                    "values": run.values,
                    "costs": run.costs,
                    "data_hash": run.data_hash,
                    "code_version": run.code_version,
                    "metrics": run.metrics,
                    "funnel": run.funnel,
                    "summary": run.summary,
                    "trades": list(outcome.trades),
                    "address": address,
                }
            )
            return
        self.stdout.write(told(run, outcome.trades, options["trades"]))
        if address:
            self.stdout.write(f"\nStored as backtest {run.pk}: {settings.BASE_URL or ''}{address}")

    def _csv(self, trades: Sequence[dict[str, Any]]) -> None:
        names = [*run_store.PLAIN]
        for first in trades[:1]:
            names += [*first["context"], *first["features"]]
        names = list(dict.fromkeys(names))
        flat = ({**trade["context"], **trade["features"], **trade} for trade in trades)
        rows = ([row[name] for name in names] for row in flat)
        for line in csv_export.lines(names, rows):
            self.stdout.write(line, ending="")


def _given(words: Sequence[str]) -> dict[str, str]:
    """``name=value`` words; the strategy judges the values."""
    values = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise CommandError(f'--set: "{word[:80]}" is not name=value')
        values[name] = value
    return values

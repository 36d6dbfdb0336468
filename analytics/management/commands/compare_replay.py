from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse

from analytics.management.fidelity_tables import told
from analytics.models import Run
from analytics.research import fidelity, run_store
from trading import clock
from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import instance_named, moment
from trading.validation import limits

STEPS = 1_000


class Command(Base):
    help = (
        "Hold a replay of stored candles against the trades that the bot made on them, with the "
        "parameters that were live then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--strategy", required=True, help="key, alias, or rsi_bb@sol")
        parser.add_argument("--bot", metavar="NAME", help="where several bots run it")
        parser.add_argument("--market", default="", help="default: the market with most trades")
        parser.add_argument(
            "--from",
            dest="since",
            metavar="TIME",
            help="trades entered from then on (UTC); else of the newest 30 days with trades",
        )
        parser.add_argument("--to", dest="until", metavar="TIME", help="and left before (UTC)")
        parser.add_argument("--dry", action="store_true", help="do not store the comparison")

    def handle(self, **options: Any) -> None:
        since, until = (
            moment(options[name]) if options[name] else None for name in ("since", "until")
        )
        if since and until and since >= until:
            raise CommandError("--from must be before --to")
        market = options["market"]
        if market and not limits.MARKET.fullmatch(market):
            raise CommandError(f"--market must match {limits.MARKET.pattern}")
        instance = instance_named(options["strategy"], options["bot"])
        try:
            run = fidelity.prepare(instance, market, since, until, started_at=clock.now())
            outcome = self._compare(run)
        except (LookupError, ValueError) as error:
            raise CommandError(str(error)) from error
        run.metrics, run.funnel, run.summary = outcome.metrics, outcome.funnel, outcome.summary
        if not options["dry"]:
            run_store.finish(run, outcome)
        self._tell(run, options)

    def _compare(self, run: Run) -> run_store.Outcome:
        with progress.bar(f"Replaying {run.strategy}", STEPS) as advance:
            return fidelity.compare(run, lambda share: advance(round(share * STEPS)))

    def _tell(self, run: Run, options: dict[str, Any]) -> None:
        address = reverse("admin:analytics_run_change", args=[run.pk]) if run.pk else None
        if options["json"]:
            assert run.instance is not None and run.bot is not None
            self.answer(
                {
                    "id": run.pk,
                    "strategy": run.instance.name,
                    "bot": run.bot.name,
                    "market": run.market,
                    "interval": run.interval,
                    "bars": run.bars,
                    "from": run.options["since"],
                    "to": run.options["until"],
                    "mode": run.options["mode"],
                    "data_hash": run.data_hash,
                    "code_version": run.code_version,
                    **run.summary["fidelity"],
                    "funnel": run.funnel,
                    "counted": run.summary["counted"],
                    "remarks": run.summary["remarks"],
                    "address": address,
                }
            )
            return
        self.stdout.write(told(run))
        if address:
            self.stdout.write(f"\nStored as backtest {run.pk}: {settings.BASE_URL or ''}{address}")

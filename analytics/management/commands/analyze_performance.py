from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics import monitoring
from analytics.monitoring import snapshots
from trading import clock
from trading.management.base import Command as Base
from trading.management.base import bot_named, moment

SHOWN = {
    "total_pnl_pct": "total %",
    "profit_factor": "profit factor",
    "max_drawdown_pct": "drawdown %",
    "sharpe": "Sharpe",
}


class Command(Base):
    help = "Show metrics by strategy, market and parameter set: 24 h, 7 d, 30 d, all time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bot", metavar="NAME", help="show this bot only")
        parser.add_argument(
            "--as-of", metavar="TIME", help="ignore everything after this time (UTC); default: now"
        )

    def handle(self, *, as_of: str | None, bot: str | None, **options: Any) -> None:
        wanted = bot_named(bot).name if bot else None
        at = moment(as_of) if as_of else clock.now()
        if at > clock.now():
            raise CommandError(f'--as-of: "{as_of}" lies in the future')
        done = monitoring.analyze(at)
        listed = [
            snapshot for snapshot in snapshots.listed(at) if wanted in (None, snapshot["bot"])
        ]
        if options["json"]:
            self.answer({**done, "scopes": listed})
            return
        if not listed:
            self.stdout.write("No trades in the 31 days before.")
        for snapshot in listed:
            name = (
                snapshot["market"]
                or (snapshot["version"] and f"version {snapshot['version']}")
                or "all"
            )
            self.stdout.write(
                f"{snapshot['bot']} / {snapshot['strategy']} / {name}"
                f" ({snapshot['mode']}, {snapshot['currency']}): {snapshot['trend']}"
            )
            for window, metrics in snapshot["windows"].items():
                self.stdout.write(f"  {window:>4} {_line(metrics)}")


def _line(metrics: dict[str, Any]) -> str:
    if not metrics["trades"]:
        return "no trades"
    parts = [
        f"{metrics['trades']:,} trades",
        f"{metrics['win_rate']:.1%} won{_between(metrics['win_rate_interval'], '.0%')}",
        f"average {metrics['avg_pnl_pct']:+.4g} %"
        f"{_between(metrics['avg_pnl_pct_interval'], '+.3g')}",
    ]
    for name, label in SHOWN.items():
        value = metrics[name]
        parts.append(f"{label} {'-' if value is None else f'{value:.4g}'}")
    return ", ".join(parts)


def _between(interval: Sequence[float] | None, form: str) -> str:
    """The 95 % interval behind its number; nothing where it is not known."""
    return f" ({interval[0]:{form}} to {interval[1]:{form}})" if interval else ""

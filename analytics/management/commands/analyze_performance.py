from django.core.management.base import CommandError

from analytics import monitoring, snapshots
from trading import clock
from trading.management.base import Command as Base
from trading.management.base import moment

SHOWN = {
    "avg_pnl_pct": "average %", "total_pnl_pct": "total %", "profit_factor": "profit factor",
    "max_drawdown_pct": "drawdown %", "sharpe": "Sharpe",
}  # fmt: skip


class Command(Base):
    help = "How every strategy, market and parameter set did over 24 h, 7 d, 30 d and in all."

    def add_arguments(self, parser):
        parser.add_argument(
            "--as-of", metavar="TIME", help="as of then (UTC), nothing later; default now"
        )

    def handle(self, *, as_of, **options):
        at = moment(as_of) if as_of else clock.now()
        if at > clock.now():
            raise CommandError(f'--as-of: "{as_of}" lies in the future')
        done = monitoring.analyze(at)
        found = snapshots.told(at)
        if options["json"]:
            self.answer({**done, "scopes": found})
            return
        if not found:
            self.stdout.write("No trades in the 31 days before.")
        for one in found:
            name = one["market"] or (one["version"] and f"version {one['version']}") or "all"
            self.stdout.write(
                f"{one['bot']} / {one['strategy']} / {name} ({one['mode']}, {one['currency']}):"
                f" {one['trend']}"
            )
            for window, metrics in one["windows"].items():
                self.stdout.write(f"  {window:>4} {_line(metrics)}")


def _line(metrics):
    if not metrics["trades"]:
        return "no trades"
    parts = [f"{metrics['trades']:,} trades", f"{metrics['win_rate']:.1%} won"]
    for name, label in SHOWN.items():
        value = metrics[name]
        parts.append(f"{label} {'-' if value is None else f'{value:.4g}'}")
    return ", ".join(parts)

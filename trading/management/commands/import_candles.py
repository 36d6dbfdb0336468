from argparse import ArgumentTypeError
from pathlib import Path

from django.core.management.base import CommandError

from trading.importers import candle_files
from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import bot_named
from trading.market import candles
from trading.validation import limits

SHOWN = 5
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(text: str) -> int:
    """Seconds of 60, 1m, 1h or 1d."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    if not number.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a length in seconds, such as 60 (or 1m, 1h, 1d)")
    return int(number) * _UNITS[unit]


class Command(Base):
    help = "Import candles from CSV, CSV.gz, freqtrade JSON, Parquet or Feather."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--market", required=True, help="as the bot names it: BTC/USDT")
        parser.add_argument("--interval", required=True, type=seconds, metavar="SECONDS")
        parser.add_argument("--bot", metavar="NAME", help="whose; without it they are for all bots")

    def handle(self, *, file, market, interval, bot, **options):
        if not limits.MARKET.fullmatch(market):
            raise CommandError(
                f'"{market}" is no market name: it must match {limits.MARKET.pattern}'
            )
        if not 1 <= interval <= 31 * 86_400:
            raise CommandError("--interval must be 1 to 2678400 seconds")
        owner = bot_named(bot) if bot else None
        try:
            with progress.bar("Candles", 0) as advance:
                report = candle_files.run(
                    file, market=market, interval=interval, bot=owner, progress=advance
                )
        except candle_files.Unreadable as error:
            raise CommandError(str(error)) from error
        series = candles.series_for(owner, market, interval)
        result = {
            "read": report.read,
            "stored": report.counts.stored,
            "updated": report.counts.updated,
            "unchanged": report.counts.unchanged,
            "rejected": len(report.rejected),
            "series": {
                "market": market,
                "interval": interval,
                "candles": series.candles,
                "first": series.first_at,
                "last": series.last_at,
                "gaps": series.gaps,
                "missing": series.missing,
            },
        }
        if options["json"]:
            self.answer(result)
        else:
            self._tell(result)
        if report.rejected:
            shown = sorted(report.rejected.items())[:SHOWN]
            lines = "; ".join(f"row {row}: {message}" for row, message in shown)
            more = f" and {len(report.rejected) - SHOWN} more" * (len(report.rejected) > SHOWN)
            raise CommandError(f"{len(report.rejected)} candles were rejected ({lines}{more})")

    def _tell(self, result):
        self.stdout.write(
            "Candles: {stored} new, {updated} changed, {unchanged} unchanged, "
            "{rejected} rejected".format(**result)
        )
        series = result["series"]
        if series["candles"]:
            self.stdout.write(
                f"{series['market']} at {series['interval']} s now holds {series['candles']} from "
                f"{series['first']:%Y-%m-%d %H:%M} to {series['last']:%Y-%m-%d %H:%M} UTC, "
                f"{series['gaps']} gap{'s' * (series['gaps'] != 1)} "
                f"({series['missing']} candles missing)"
            )

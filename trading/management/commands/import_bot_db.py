import json
from pathlib import Path

from django.core.management.base import CommandError

from trading.importers import bot_db
from trading.management import progress
from trading.management.base import Command as Base
from trading.management.base import bot_named, moment
from trading.models import Trade
from trading.parameters import Refused
from trading.strategies import UnknownStrategy

SHOWN = 5


class Command(Base):
    help = (
        "Import the bot's own SQLite file: trades, positions, candles, bricks, price history. "
        "The file is only read. A second import changes nothing; one cut off is resumed."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--bot", metavar="NAME", required=True)
        parser.add_argument(
            "--parameters",
            metavar="FILE",
            type=Path,
            help="JSON: the parameters by strategy that were live from --valid-from on",
        )
        parser.add_argument("--valid-from", metavar="TIME")

    def handle(self, *, file, bot, parameters, valid_from, **options):
        if bool(parameters) != bool(valid_from):
            raise CommandError("--parameters and --valid-from belong together")
        owner = bot_named(bot)
        try:
            with bot_db.Source(file) as source:
                total = source.count("trades")
            with progress.bar("Trades", total) as advance:
                report = bot_db.run(
                    file,
                    owner,
                    parameters=_values(parameters) if parameters else None,
                    valid_from=moment(valid_from) if valid_from else None,
                    progress=advance,
                )
        except (bot_db.Unreadable, Refused, UnknownStrategy) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.answer(report.as_dict())
        else:
            self._tell(report, bot)
        if report.trades.rejected:
            raise CommandError(f"{len(report.trades.rejected)} trades were rejected, see above")

    def _tell(self, report, bot):
        trades, candles, bricks = report.trades, report.candles, report.bricks
        self.stdout.write(
            f"Trades: {trades.stored} new, {trades.updated} corrected, "
            f"{trades.unchanged} unchanged, {len(trades.rejected)} rejected"
        )
        for refusal in trades.rejected[:SHOWN]:
            errors = "; ".join(
                f"{name} {' '.join(text)}" for name, text in refusal["errors"].items()
            )
            self.stdout.write(f"  trade {refusal['id']}: {errors}")
        self.stdout.write(
            f"Candles: {candles.stored} new, {candles.updated} changed, "
            f"{candles.unchanged} unchanged"
        )
        self.stdout.write(f"Bricks: {bricks.stored} new, {bricks.unchanged} unchanged")
        self.stdout.write(
            f"Positions: {report.positions}. Prices kept as state: {report.prices}. "
            f"Parameter sets: {report.parameter_sets}."
        )
        for note in report.notes:
            self.stdout.write(self.style.WARNING(f"Note: {note}"))
        if trades.stored and not Trade.objects.filter(bot__name=bot, fee__isnull=False).exists():
            self.stdout.write(
                "Note: the file holds no fees; results are as the bot computed them, which may be "
                "before fees."
            )
        self.stdout.write(f'Look at it: python3 manage.py query_pnl --bot "{bot}" --by strategy')


def _values(path: Path) -> dict:
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(part, dict) for part in values.values()):
        raise CommandError(f'{path} must hold {{"strategy": {{"parameter": value}}}}')
    return values

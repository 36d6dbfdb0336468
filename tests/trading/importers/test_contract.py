"""Every importer of the registry, held to the contract. One more: a class here."""

from __future__ import annotations

from pathlib import Path

from trading.importers import IMPORTERS
from trading.importers.bot_db import BotDatabase
from trading.importers.candle_files import CandleFile

from .contract import ImporterContract
from .files import T, row, write


class TestBotDatabase(ImporterContract):
    importer = BotDatabase()
    batch = "trading.importers.bot_db.BATCH"

    def write(self, folder: Path) -> Path:
        trades = [row("trades", exit_time=T + 20 + number) for number in range(5)]
        others = ("positions", "renko_bricks", "price_history")
        return write(folder / "bot.db", trades=trades, **{table: [row(table)] for table in others})

    def broken(self, folder: Path) -> Path:
        file = folder / "broken.db"
        file.write_bytes(b"SQLite format 3\x00" + b"\x07" * 4096)
        return file


class TestCandleFile(ImporterContract):
    importer = CandleFile(market="BTC-PERP", interval=60)
    batch = "trading.importers.candle_files.BATCH"

    def write(self, folder: Path) -> Path:
        file = folder / "candles.csv"
        lines = [f"{1_735_689_600 + 60 * number},1,2,0.5,1.5,9" for number in range(5)]
        file.write_text("\n".join(["time,open,high,low,close,volume", *lines]) + "\n")
        return file

    def broken(self, folder: Path) -> Path:
        file = folder / "broken.csv"
        file.write_text("time,open\n1,2\n")
        return file


def test_every_importer_is_held_to_the_contract():
    held = {contract.importer.key for contract in ImporterContract.__subclasses__()}
    assert held == set(IMPORTERS)

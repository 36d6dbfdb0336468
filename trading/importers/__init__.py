"""Foreign sources, one file each; ``IMPORTERS`` lists them by key. The commands call them."""

from .base import Importer, Option, Report, Unreadable
from .bot_db import BotDatabase
from .candle_files import CandleFile

IMPORTERS: dict[str, type[Importer]] = {
    importer.key: importer for importer in (BotDatabase, CandleFile)
}

__all__ = ["IMPORTERS", "Importer", "Option", "Report", "Unreadable"]

from trading.importers import IMPORTERS
from trading.management.importing import ImportCommand


class Command(ImportCommand):
    importer = IMPORTERS["candle_files"]

from trading.importers import IMPORTERS
from trading.management.importing import ImportCommand


class Command(ImportCommand):
    importer = IMPORTERS["bot_db"]

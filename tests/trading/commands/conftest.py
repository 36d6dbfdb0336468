import json
from io import StringIO

import pytest
from django.core.management import call_command

from trading.models import Bot


def call(name, *args):
    """Call a command and give back what it printed, parsed where it is JSON."""
    out = StringIO()
    call_command(name, *map(str, args), stdout=out)
    return json.loads(out.getvalue()) if "--json" in args else out.getvalue()


@pytest.fixture
def run():
    return call


@pytest.fixture
def bot(db):
    return Bot.objects.create(name="ref")


@pytest.fixture
def imported(bot, run, shared_data):
    """The reference bot with everything that its own file holds."""
    run("import_bot_db", shared_data / "bot" / "pnl_trades.db", "--bot", "ref")
    return bot

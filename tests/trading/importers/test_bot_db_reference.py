"""The reference bot's real file."""

from __future__ import annotations

import hashlib
import math
import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from django.db import connection

from tests.trading.story import make_bot, rebuilt, sums
from trading.importers.bot_db import BotDatabase
from trading.ledger.tally import TALLY
from trading.models import Bot, CandleSeries, RenkoBrick, RollupDay, StateEntry, Trade

from .files import dump

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def file(shared_data) -> Path:
    return shared_data / "bot" / "pnl_trades.db"


@pytest.fixture
def rows(file) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return database.execute("SELECT * FROM trades").fetchall()


@pytest.mark.django_db
def test_everything_in_the_file_is_imported_and_a_second_import_changes_nothing(file):
    before = hashlib.sha256(file.read_bytes()).digest(), sorted(file.parent.iterdir())
    bot = make_bot()
    seen: list[int] = []
    report = BotDatabase().run(file, bot, progress=seen.append)
    assert report.of("trades").stored == 2316 and report.of("trades").rejected == {}
    assert (report.of("candles").stored, report.of("bricks").stored) == (288, 5000)
    assert report.of("prices").read == 1000
    assert seen == [1000, 2000, 2316]
    by_strategy = Trade.objects.filter(book__instance__bot=bot)
    assert by_strategy.filter(book__instance__strategy="rsi_bb").count() == 236
    assert by_strategy.filter(book__instance__strategy="renko_ao").count() == 2080
    series = CandleSeries.objects.get()
    assert (series.interval, series.candles, series.bot) == (900, 288, bot)
    bricks = RenkoBrick.objects.order_by("sequence").values_list("sequence", "open_at")
    assert [sequence for sequence, _ in bricks] == list(range(1, 5001))
    assert [opened for _, opened in bricks] == sorted(opened for _, opened in bricks)
    assert len(StateEntry.objects.get().value["renko_ao"]["BTC-PERP"]) == 1000
    assert sums(bot) == rebuilt(bot)

    first = dump(bot)
    again = BotDatabase().run(file, bot)
    again_trades = again.of("trades")
    assert (again_trades.stored, again_trades.updated, again_trades.unchanged) == (0, 0, 2316)
    assert (again.of("candles").unchanged, again.of("bricks").unchanged) == (288, 5000)
    assert dump(bot) == first
    after = hashlib.sha256(file.read_bytes()).digest(), sorted(file.parent.iterdir())
    assert after == before


@pytest.mark.django_db
def test_totals_equal_those_of_the_file_by_every_way_of_grouping(file, rows):
    bot = make_bot()
    BotDatabase().run(file, bot)
    alias = {"mean_reversion": "rsi_bb"}
    wanted: dict[str, dict] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        strategy = alias.get(row["strategy"], row["strategy"])
        for name, key in {
            "strategy": strategy,
            "day": (strategy, int(row["exit_time"] // 86_400)),
            "hour": (strategy, int(row["exit_time"] // 3_600)),
            "exit_reason": row["exit_reason"],
            "side": row["side"],
        }.items():
            wanted[name][key].append(row["pnl_pct"])

    found: dict[str, dict] = defaultdict(lambda: defaultdict(list))
    days = RollupDay.objects.filter(scope__instance__bot=bot, scope__kind="instance")
    for strategy, day, tally, hours in days.values_list(
        "scope__instance__strategy", "day", "tally", "hours"
    ):
        (whole,) = np.frombuffer(tally, TALLY)
        found["strategy"][strategy].append(whole["total"])
        found["day"][strategy, day].append(whole["total"])
        for hour in np.frombuffer(hours, TALLY):
            found["hour"][strategy, hour["first"] // 3_600_000_000].append(hour["total"])
    for name in ("exit_reason", "side"):
        for key, pnl_pct in Trade.objects.filter(bot=bot).values_list(name, "pnl_pct"):
            found[name][key].append(pnl_pct)

    for name, groups in wanted.items():
        assert found[name].keys() == groups.keys(), name
        for key, values in groups.items():
            assert math.fsum(found[name][key]) == pytest.approx(math.fsum(values), abs=1e-9)
    assert math.fsum(found["strategy"]["rsi_bb"]) == pytest.approx(-11.780113, abs=1e-6)


@pytest.mark.django_db
def test_no_trade_of_the_file_contradicts_its_own_prices(file):
    BotDatabase().run(file, make_bot())
    assert Trade.objects.filter(flagged=True).count() == 0


# Kills itself at the given moment, so that nothing is put in order behind it.
SCRIPT = """
import os, signal, sys
import django
django.setup()
from pathlib import Path
from trading import ingest
from trading.market import candles
from trading.rollups import update
from trading.importers import bot_db
from trading.models import Bot
_, place, count, file = sys.argv
count = int(count)

def die_at(module, name):
    real, calls = getattr(module, name), []
    def wrapped(*args, **kwargs):
        result = real(*args, **kwargs)
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(module, name, wrapped)

if place != "nowhere":
    modules = {"update": update, "ingest": ingest, "candles": candles, "bot_db": bot_db}
    module, name = place.split(".")
    die_at(modules[module], name)
bot_db.BotDatabase().run(Path(file), Bot.objects.get(name="Mara"))
"""


def import_in_a_process(place: str, count: int, file: Path) -> int:
    """Import in a process of its own, on the database of this test; its exit code."""
    found = connection.settings_dict
    url = f"sqlite:///{found['NAME']}"
    if connection.vendor == "postgresql":
        user, name = quote(found["USER"] or ""), found["NAME"]
        password = f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else ""
        url = f"postgres://{user}{password}@{found['HOST']}:{found['PORT'] or 5432}/{name}"
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, place, str(count), str(file)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        timeout=120,
    ).returncode


@pytest.mark.django_db(transaction=True)
def test_an_import_that_was_killed_anywhere_resumes_to_the_same_end(file):
    straight = make_bot("Juno")
    BotDatabase().run(file, straight)
    wanted = dump(straight)
    straight.delete()
    Bot.objects.create(name="Mara")
    for place, count in (
        ("update.add", 1),  # within the first batch
        ("ingest.store_trades", 1),  # between two batches
        ("update.add", 2),  # within a later one
        ("candles.store", 1),  # when the candles are in and the bricks are not
        ("bot_db._store_bricks", 1),  # when only the price history is left
    ):
        assert import_in_a_process(place, count, file) == -signal.SIGKILL, place
    assert import_in_a_process("nowhere", 0, file) == 0
    assert dump(Bot.objects.get(name="Mara")) == wanted

"""What a bot pushes over HTTP and what is imported from its own file come to the same."""

import json
import random
import sqlite3
from collections import defaultdict
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import call_command

from tests.trading.story import make_bot, stored, sums

from .server import Client
from .server import server_of_the_module as _server  # noqa: F401

TRADE = (
    "id",
    "strategy",
    "side",
    "entry_price",
    "exit_price",
    "size",
    "pnl_pct",
    "pnl_usd",
    "entry_time",
    "exit_time",
    "exit_reason",
    "market",
)
CANDLE = ("open_time", "open", "high", "low", "close", "volume")
EVERYTHING = "state/?candles=5000&bricks=5000"
NOT_COMPARED = ("server_time",)


@pytest.fixture
def source(shared_data):
    with sqlite3.connect(f"file:{shared_data}/bot/pnl_trades.db?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        yield database


@pytest.fixture
def imported(transactional_db, shared_data):
    bot = make_bot("imported")
    call("import_bot_db", str(shared_data / "bot" / "pnl_trades.db"), "--bot", bot.name)
    return bot


def call(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def batches(rows: list, size: int) -> list[list]:
    found = [rows[at : at + size] for at in range(0, len(rows), size)]
    random.Random(1).shuffle(found)
    return found


def push(client: Client, method: str, path: str, payload) -> None:
    """Send twice: the second time nothing is new."""
    assert client.ask(method, path, payload).status == 201
    again = client.ask(method, path, payload)
    assert again.status == 200
    assert again.json.get("stored", 0) == again.json.get("updated", 0) == 0


def push_trades(client: Client, source: sqlite3.Connection) -> None:
    rows = [
        {name: row[name] for name in TRADE} | {"id": str(row["id"])}
        for row in source.execute("SELECT * FROM trades ORDER BY id")
    ]
    assert len(rows) == 2_316
    for batch in batches(rows, 100):
        push(client, "POST", "trades/", batch)


def push_candles(client: Client, source: sqlite3.Connection) -> None:
    markets = defaultdict(list)
    for row in source.execute("SELECT * FROM candles ORDER BY open_time"):
        markets[row["market"]].append([row[name] for name in CANDLE])
    # A bot asks for the parameters of every strategy that it runs, of those too that never trade.
    assert client.ask("GET", "parameters/breakout/").status == 200
    for market, rows in markets.items():
        for batch in batches(rows, 50):
            push(client, "POST", "candles/", {"market": market, "interval": 900, "candles": batch})


def push_bricks(client: Client, source: sqlite3.Connection) -> None:
    series = defaultdict(list)
    for row in source.execute("SELECT * FROM renko_bricks ORDER BY open_time"):
        series[row["strategy"], row["market"]].append(row)
    for (strategy, market), rows in series.items():
        closes = [max(*pair) for pair in pairwise([row["open_time"] for row in rows])]
        closes.append(max(rows[-1]["created_at"], rows[-1]["open_time"]))
        bricks = [
            {
                "sequence": number,
                "open_time": row["open_time"],
                "close_time": closed,
                "size": abs(row["close"] - row["open"]),
                **{name: row[name] for name in ("open", "close", "direction", "high", "low")},
            }
            for number, (row, closed) in enumerate(zip(rows, closes, strict=True), start=1)
        ]
        for batch in batches(bricks, 1_000):
            place = {"strategy": strategy, "market": market}
            push(client, "POST", "bricks/", place | {"bricks": batch})


def push_prices(client: Client, source: sqlite3.Connection) -> None:
    value = defaultdict(lambda: defaultdict(list))
    rows = source.execute("SELECT * FROM price_history ORDER BY timestamp, id").fetchall()
    for row in rows:
        value[row["strategy"]][row["market"]].append([row["timestamp"], row["price"]])
    newest = max(row["timestamp"] for row in rows)
    push(client, "PUT", "state/price_history/", {"value": value, "as_of": newest})


@pytest.fixture
def pushed(transactional_db, server, source):
    bot = make_bot("pushed")
    client = server.client(bot)
    for part in (push_trades, push_candles, push_bricks, push_prices):
        part(client, source)
    return bot


def test_a_bots_whole_history_pushed_in_batches_gives_what_its_import_gives(
    server, imported, pushed
):
    for by in (None, "strategy", "day", "hour", "exit_reason", "market"):
        chosen = ("--by", by) if by else ()
        one, other = (
            json.loads(call("query_pnl", "--json", "--bot", bot.name, *chosen))
            for bot in (imported, pushed)
        )
        assert sum(group["trades"] for group in one) == 2_316
        assert one == other
    assert stored(imported) == stored(pushed)
    assert sums(imported) == sums(pushed)
    one, other = (
        server.client(bot, "read").ask("GET", EVERYTHING).json for bot in (imported, pushed)
    )
    for name in one.keys() - NOT_COMPARED:
        assert one[name] == other[name], name
    assert sum(len(series["candles"]) for series in one["candles"]) == 288
    assert sum(len(series["bricks"]) for series in one["bricks"]) == 5_000

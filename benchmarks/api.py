"""What a bot waits for: its trades taken in and its parameters given out over HTTP.

    python3 benchmarks/api.py --stored 10000000

The peer is a Django REST framework project on the same columns (api_peer_rest.py), served by the
same gunicorn; ours validates the same trades, keeps their sums, corrections and attribution.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import synthetic
from api_peer_web import Client, environment, served
from figures import Table, in_turns, times
from generate_trades import fill, rebuild

BATCH = 1_000
ASKED = 50  # requests in a turn
STRATEGY = "rsi_bb"
BATCH_BARS = {"SQLite": 4.0, "PostgreSQL": 3.0}
RAW_BAR, FULL_BAR, SINGLE_BAR, GET_BAR = 4.0, 1 / 0.9, 1.3, 1.0
PARAMETERS = f"/api/v1/parameters/{STRATEGY}/"
PEERS_PARAMETERS = f"/parameters/{STRATEGY}/"
STEP = 6  # seconds between two trades


def trades(first: int, number: int = BATCH) -> list[dict]:
    """Trades of the recent past in time order, as a bot sends them."""
    start = int(time.time()) // 86_400 * 86_400 - 30 * 86_400
    made = []
    for at in range(first, first + number):
        closed = start + at * STEP
        price = 100 + at * 7919 % 1000 / 10
        move = (at * 104_729 % 401 - 200) / 10_000
        made.append(
            {
                "id": f"n{at:09d}",
                "strategy": synthetic.STRATEGIES[at % 3],
                "market": list(synthetic.MARKETS)[at // 3 % 4],
                "mode": "live",
                "currency": "USD",
                "side": "long",
                "entry_price": price,
                "exit_price": round(price * (1 + move), 4),
                "size": 1.5,
                "stop_loss": round(price * 0.98, 4),
                "leverage": 1.0,
                "entry_time": _iso(closed - 1800),
                "exit_time": _iso(closed),
                "exit_reason": synthetic.REASONS[at % 5],
                "pnl_pct": round(move * 100 - 0.1, 6),
                "pnl": round(price * 1.5 * move - 0.15, 6),
                "fee": 0.15,
                "parameter_set": 1,
                "arm": "",
                "tag": "",
                "revision": 0,
                "context": {
                    "volatility_bps": 42.5,
                    "price_trend": "up",
                    "volatility_trend": "stable",
                    "entry_hour": closed // 3600 % 24,
                    "entry_day_of_week": closed // 86_400 % 7,
                    "signal_strength": 0.5,
                    "mfe_pct": 1.5,
                    "mae_pct": -0.5,
                    "time_to_mfe_seconds": 600.0,
                    "hold_time_seconds": 1800.0,
                    "reached_tp": True,
                    "reached_sl": False,
                    "rsi": 28.5,
                    "spread_bps": 1.25,
                },
            }
        )
    return made


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def body(rows: list[dict] | dict, peer: bool) -> bytes:
    """The request; the peer names the bot's id as its column."""
    if peer:
        rename = {"id": "external_id"}
        many = rows if isinstance(rows, list) else [rows]
        many = [{rename.get(name, name): value for name, value in row.items()} for row in many]
        rows = many if isinstance(rows, list) else many[0]
    return json.dumps(rows).encode()


@dataclass
class Side:
    """One of those compared: its client, and the next trades it has not sent yet."""

    client: Client
    peer: bool
    sent: int = 0

    def bodies(self, turns: int, number: int | None = BATCH):
        """Requests made before they are timed; None: a single trade, no array."""
        found = []
        for _ in range(turns + 1):
            rows = trades(self.sent, number or 1)
            self.sent += len(rows)
            found.append(body(rows if number else rows[0], self.peer))
        return iter(found)

    def batch(self, turns: int):
        path, todo = "/trades/" if self.peer else "/api/v1/trades/", self.bodies(turns)
        return lambda: self.client.post(path, next(todo))

    def single(self, turns: int):
        path = "/trade/" if self.peer else "/api/v1/trades/"
        todo = self.bodies(turns, None)
        return lambda: self.client.post(path, next(todo))

    def asks(self, expect: int):
        path = PEERS_PARAMETERS if self.peer else PARAMETERS
        headers = {}
        if expect == 304:
            headers["If-None-Match"] = self.client.get(path).getheader("ETag")

        def run() -> None:
            for _ in range(ASKED):
                self.client.get(path, expect, **headers)

        return run


class Raw:
    """The same two tables filled with ready columns, in process: what the database can do."""

    def __init__(self, place: ground.Ground, turns: int) -> None:
        place.use("api_raw")
        self._place = place
        self._todo = iter([self._ready(number) for number in range(turns + 1)])

    def __call__(self) -> None:
        from django.db import transaction

        from trading.db import bulk

        self._place.use("api_raw")
        with transaction.atomic():
            for given in next(self._todo):
                bulk.insert(*given)

    @staticmethod
    def _ready(number: int) -> list:
        """What the product hands to the database for a batch, with ids of its own."""
        import msgspec

        from trading import ingest
        from trading.db import bulk
        from trading.ingest.trade_schema import TradeIn
        from trading.models import Bot

        bot, _ = Bot.objects.get_or_create(name="Raw")
        found, whole = [], bulk.insert

        def noted(model, columns):
            key = next(iter(columns))
            ids = range(number * BATCH + 1, (number + 1) * BATCH + 1)
            found.append((model, {**columns, key: list(ids)}))

        bulk.insert = noted
        try:
            rows = trades(number * BATCH)
            outcome = ingest.store_trades(bot, msgspec.convert(rows, list[TradeIn]))
        finally:
            bulk.insert = whole
        assert outcome.stored == BATCH, outcome.rejected[:3]
        return found


def ours(stack: ExitStack, place: ground.Ground, name: str, stored: int = 0) -> Side:
    from trading.bots import tokens
    from trading.models import Bot, BotToken

    if place.use(name) and stored:
        fill(stored, context=True)
        rebuild()
    bot, _ = Bot.objects.get_or_create(name="API")
    secret = tokens.issue(bot, BotToken.Scope.BOT)[1]
    port = stack.enter_context(
        served(place.environment(name), "selflearn.settings", "selflearn.wsgi")
    )
    return Side(Client(port, f"Bearer {secret}"), peer=False)


def theirs(stack: ExitStack, place: ground.Ground, content: dict) -> Side:
    # In a database of its own, beside tables of the product that stay empty.
    place.use("api_peer")
    base = place.environment("api_peer")
    made = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("api_peer_rest.py")),
            STRATEGY,
            json.dumps(content),
        ],
        env=environment(base, "api_peer"),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    port = stack.enter_context(served(base, "api_peer", "api_peer_rest"))
    return Side(Client(port, f"Token {made.stdout.strip()}"), peer=True)


def measure(place: ground.Ground, stored: int, turns: int) -> Table:
    table = Table(f"Over HTTP, one process and one bot, {place.vendor}")
    with ExitStack() as stack:
        empty = ours(stack, place, "api")
        peer = theirs(stack, place, empty.client.read(PARAMETERS))
        full = ours(stack, place, "api_full", stored)
        raw = Raw(place, turns)
        mine, other, least, late = in_turns(
            [empty.batch(turns), peer.batch(turns), raw, full.batch(turns)], turns
        )
        what = f"{BATCH:,} trades with context a POST"
        table.faster(what, mine, other, BATCH_BARS[place.vendor])
        table.at_most(f"{what}, over the bare insert", mine / least, RAW_BAR, times, mine, least)
        table.at_most(
            f"{what}, {stored:,} stored before, over none", late / mine, FULL_BAR, times, late, mine
        )
        for what, value in (("ours", mine), ("peer", other), ("bare insert", least)):
            table.note(f"trades a second, {what}", f"{BATCH / value:,.0f}")
        many = turns * 20
        mine, other = in_turns([empty.single(many), peer.single(many)], many)
        table.at_most("one trade a POST, p50", mine / other, SINGLE_BAR, times, mine, other)
        for status in (200, 304):
            mine, other = (
                found / ASKED for found in in_turns([empty.asks(status), peer.asks(status)], turns)
            )
            table.faster(f"GET parameters, {status}", mine, other, GET_BAR)
            table.note(f"requests a second, {status}", f"{1 / mine:,.0f}", f"{1 / other:,.0f}")
    return table


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0])
    parser.add_argument("--stored", type=int, default=1_000_000, help="trades stored before")
    parser.add_argument("--turns", type=int, default=15)
    arguments = parser.parse_args()
    if arguments.data:
        parser.error("every run sends the same trades: it needs fresh databases")
    with ground.opened(arguments) as place:
        measure(place, arguments.stored, arguments.turns).show()


if __name__ == "__main__":
    main()

"""Trades sent again and again, in no order, by many, while the server dies: each counts once."""

import queue
import random
import sqlite3
import threading
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from tests.trading.story import MONDAY_SECONDS, make_bot, payload, rebuilt, sums
from trading.models import Trade, TradeRevision

from .server import server_of_the_module as _server  # noqa: F401
from .server import serving
from .threads import Threads

SENDERS = 8
BATCH = 100
DAYS = 30


def history(count: int, rng: random.Random) -> list[dict]:
    """Every trade twice: as it was first reported, and corrected (another price, hour or place)."""
    trades = []
    for number in range(count):
        closed = MONDAY_SECONDS + rng.randrange(DAYS * 86_400)
        first = payload(
            id=f"t-{number}",
            strategy=rng.choice(["rsi_bb", "renko_ao", "breakout@sol"]),
            market=rng.choice(["BTC-PERP", "ETH/USDT:USDT", "market:2"]),
            entry_price=100,
            exit_price=round(100 + rng.gauss(0, 1), 2),
            size=rng.choice([0.1, 0.25, 3]),
            fee=round(rng.random() / 100, 6),
            entry_time=closed - rng.randrange(1, 20_000),
            exit_time=closed,
            mode=rng.choice(["live", "live", "paper"]),
            context={"signal_strength": 0.5} if rng.random() < 0.2 else {},
        )
        corrected = first | {"revision": 1, "exit_price": round(100 + rng.gauss(0, 1), 2)}
        if rng.random() < 0.2:
            corrected |= {"exit_time": closed + 7200, "market": "SOL-PERP"}
        trades += [first, corrected]
    return trades


def shuffled_batches(trades: list[dict], rng: random.Random) -> list[list[dict]]:
    """Batches of both revisions mixed, each one to three times, in no order."""
    rng.shuffle(trades)
    batches = [trades[at : at + BATCH] for at in range(0, len(trades), BATCH)]
    again = [batch for batch in batches for _ in range(rng.randint(1, 3))]
    rng.shuffle(again)
    return again


class Delivery:
    """What is still to be sent, and what the server said of the rest."""

    def __init__(self, batches: list[list[dict]]) -> None:
        self.waiting: queue.SimpleQueue = queue.SimpleQueue()
        for batch in batches:
            self.waiting.put(batch)
        self.total, self.done = len(batches), 0
        self.acknowledged: dict[str, int] = {}
        self.statuses: Counter = Counter()
        self.counts: Counter = Counter()
        self._lock = threading.Lock()

    def send_all(self, client) -> None:
        while True:
            try:
                batch = self.waiting.get_nowait()
            except queue.Empty:
                return
            answer = client.insist("POST", "trades/", batch, self._heard)
            assert answer.status in (200, 201), answer
            self._keep(batch, answer.json)

    def _heard(self, answer) -> None:
        with self._lock:
            self.statuses[answer.status] += 1

    def _keep(self, batch: list[dict], answer: dict) -> None:
        with self._lock:
            assert answer.pop("rejected") == []
            assert sum(answer.values()) == len(batch)
            self.counts.update(answer)
            self.done += 1
            for row in batch:
                known = self.acknowledged.get(row["id"], 0)
                self.acknowledged[row["id"]] = max(known, row.get("revision", 0))

    def so_far(self) -> dict[str, int]:
        with self._lock:
            return dict(self.acknowledged)


def missing(acknowledged: dict[str, int]) -> list[str]:
    """Acknowledged trades that are not stored, or only as something older."""
    stored = dict(Trade.objects.values_list("external_id", "revision"))
    return [id_ for id_, revision in acknowledged.items() if stored.get(id_, -1) < revision]


def kill_now_and_then(server, delivery, senders: Threads, kills: int, rng) -> list[int]:
    """Kill the server that often, evenly over the delivery; what was missing after each."""
    found = []
    for number in range(kills):
        due = delivery.total * (number + 1) // (kills + 1)
        while senders.running() and delivery.done < due:
            time.sleep(0.002)
        time.sleep(rng.random() / 20)  # anywhere in the requests under way
        # No process has the database open then: the first that opens it has to recover it.
        connection.close()
        server.kill()
        found.append(len(missing(delivery.so_far())))
        connection.close()
        server.start()
    return found


def check_the_file() -> None:
    connection.close()
    if settings.SQLITE:
        with sqlite3.connect(connection.settings_dict["NAME"]) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def deliver_under_kills(server, count: int, kills: int) -> Delivery:
    rng = random.Random(count)
    bot = make_bot()
    delivery = Delivery(shuffled_batches(history(count, rng), rng))
    client = server.client(bot)
    started = time.monotonic()
    senders = Threads(SENDERS, lambda number: delivery.send_all(client))
    lost = kill_now_and_then(server, delivery, senders, kills, rng)
    senders.finish()
    print(
        f"\n{connection.vendor}: {delivery.total} batches of {BATCH} in"
        f" {time.monotonic() - started:.1f} s, {kills} kills; missing after each: {lost};"
        f" answers (0: none) {dict(delivery.statuses)}; counted {dict(delivery.counts)}"
    )
    assert lost == [0] * kills
    assert delivery.done == delivery.total
    assert set(delivery.statuses) <= {0, 200, 201, 503}
    check(bot, count)
    return delivery


def check(bot, count: int) -> None:
    check_the_file()
    stored = list(Trade.objects.values_list("external_id", "revision"))
    assert len(stored) == len(dict(stored)) == count
    assert {revision for _, revision in stored} == {1}
    # Each correction that met its original kept what that had said, once.
    assert TradeRevision.objects.count() <= count
    as_kept = sums(bot)
    assert as_kept == rebuilt(bot)
    assert len(as_kept) > DAYS


def test_every_trade_is_stored_once_at_its_newest_revision_through_kills(transactional_db, server):
    deliver_under_kills(server, count=1_000, kills=2)


@pytest.mark.soak
def test_ten_thousand_trades_are_stored_once_through_ten_kills(transactional_db, server):
    deliver_under_kills(server, count=10_000, kills=10)


def test_bots_that_bring_the_same_new_markets_do_not_block_each_other(
    transactional_db, server, tmp_path
):
    """New markets belong to all bots: processes must make them in one order, or they deadlock."""
    batch = [payload(id=f"t-{number}", market=f"new-{number}") for number in range(60)]
    with serving(tmp_path) as other:
        clients = [(server, other)[n % 2].client(make_bot(f"bot-{n}")) for n in range(4)]
        answers: list = []
        Threads(4, lambda n: answers.append(clients[n].ask("POST", "trades/", batch))).finish()
    assert [answer.status for answer in answers] == [201] * 4
    assert Trade.objects.count() == 240

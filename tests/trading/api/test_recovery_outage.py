"""The database goes away and comes back: bots are told to ask again, and nothing is lost."""

import contextlib
import queue
import sqlite3
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.trading.story import MONDAY_SECONDS, make_bot, payload, rebuilt, sums
from trading.bots import tokens
from trading.models import Trade

from .outages import Proxy, survive
from .server import database_url, server_address, serving
from .server import server_of_the_module as _server  # noqa: F401
from .threads import Threads

on_sqlite = pytest.mark.skipif(not settings.SQLITE, reason="SQLite alone has one write lock")
on_postgres = pytest.mark.skipif(settings.SQLITE, reason="needs a database that is a server")

WRITES = (
    ("POST", "trades/", payload()),
    ("PUT", "state/key/", {"value": 1, "as_of": MONDAY_SECONDS}),
    ("POST", "heartbeat/", {"version": "1"}),
    ("POST", "parameters/rsi_bb/", {"values": {"max_hold_minutes": 9}, "reason": "Longer"}),
    (
        "POST",
        "candles/",
        {"market": "M", "interval": 60, "candles": [[MONDAY_SECONDS, 1, 1, 1, 1, 1]]},
    ),
    (
        "PUT",
        "positions/",
        {
            "strategy": "rsi_bb",
            "market": "M",
            "side": "long",
            "entry_price": 1,
            "size": 1,
            "entry_time": MONDAY_SECONDS,
            "as_of": MONDAY_SECONDS,
        },
    ),
)
READS = ("state/", "positions/", "trades/", "performance/", "parameters/rsi_bb/", "strategies/")


@contextlib.contextmanager
def held():
    """Another process writes and does not end."""
    with sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    other.close()


@pytest.fixture
def impatient(transactional_db, monkeypatch):
    """Asks in this process, which waits a moment for the lock, not its 20 seconds."""
    # Noting down who asked sets the connection's own patience anew.
    monkeypatch.setattr(settings, "SQLITE_BUSY_SECONDS", 0.1)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100")
    secret = tokens.issue(make_bot(), "operate")[1]
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {secret}"})

    def ask(method, path, body=None):
        kind = {"data": body, "content_type": "application/json"} if body else {}
        return getattr(client, method.lower())(f"/api/v1/{path}", **kind)

    # The token is known and the bot was seen by now: neither is noted down again at once.
    assert ask("GET", "parameters/rsi_bb/").status_code == 200
    yield ask
    connection.close()


@on_sqlite
def test_a_write_that_never_gets_the_lock_is_503_and_goes_through_later(impatient):
    with held():
        for write in WRITES:
            answer = impatient(*write)
            assert answer.status_code == 503, (write, answer.content)
            assert int(answer["Retry-After"]) > 0
            assert "send this again" in answer.json()["detail"]
    for write in WRITES:
        assert impatient(*write).status_code in (200, 201), write


@on_sqlite
def test_reading_does_not_wait_for_whoever_writes(impatient):
    with held():
        for path in READS:
            assert impatient("GET", path).status_code == 200, path


@on_sqlite
@pytest.mark.soak
def test_a_lock_held_for_half_a_minute_is_told_as_503_and_all_is_well_after(
    transactional_db, server
):
    client = server.client(make_bot())
    heard: queue.SimpleQueue = queue.SimpleQueue()
    numbers = range(12)

    def send(number: int) -> None:
        client.insist("POST", "trades/", payload(id=f"t-{number}"), heard.put)

    client.insist("POST", "trades/", payload(id="before"))
    with held():
        sending = Threads(len(numbers), send)
        time.sleep(30)
    sending.finish()
    statuses = Counter(heard.get().status for _ in range(heard.qsize()))
    print(f"\nsqlite: locked for 30 s: {dict(statuses)}")
    assert set(statuses) == {201, 503}
    assert statuses[201] == len(numbers) == Trade.objects.count() - 1


@pytest.fixture
def behind(transactional_db, tmp_path):
    """A server whose way to the database can be cut, and what cuts it."""
    with Proxy(server_address()) as proxy:
        url = database_url(proxy.port)
        with serving(tmp_path, url) as server:
            yield server, proxy


@on_postgres
def test_while_the_database_is_away_bots_are_told_so_and_nothing_is_lost(behind):
    server, proxy = behind
    bot = make_bot()
    acknowledged = survive(server.client(bot), proxy, times=2, seconds=1)
    assert Trade.objects.count() == acknowledged
    assert sums(bot) == rebuilt(bot)


@on_postgres
@pytest.mark.soak
def test_a_database_that_takes_connections_and_says_nothing_is_told_as_503(behind):
    server, proxy = behind
    client = server.client(make_bot())
    assert client.ask("GET", "positions/").status == 200
    proxy.cut()
    proxy.restore(mute=True)
    started = time.monotonic()
    answer = client.ask("GET", "positions/")
    assert answer.status == 503
    assert time.monotonic() - started < 15
    proxy.cut()
    proxy.restore()
    assert client.ask("GET", "positions/").status == 200

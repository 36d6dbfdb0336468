"""Many at once: nobody is told that the database is locked, and every process says the same."""

import itertools
import random
import time
from collections import Counter

import pytest
from django.db import connection

from tests.trading.story import MONDAY_SECONDS, make_bot, payload, rebuilt, sums
from trading.bots import tokens
from trading.models import BotToken, CandleSeries, Position, StateEntry, StrategyInstance, Trade

from .server import Client, Server, serving
from .server import server_of_the_module as _server  # noqa: F401
from .test_recovery_outage import WRITES
from .threads import Threads

CLIENTS = 16
WRITER_BATCH = 1_000
REVOKED_WITHIN = 5


class Visitor:
    """Reads and then writes, as a bot does after every candle."""

    def __init__(self, client: Client, number: int, statuses: Counter, slowest: list) -> None:
        self._client, self._number = client, number
        self._statuses, self._slowest = statuses, slowest
        self.turns = 0

    def turn(self) -> None:
        self.turns += 1
        number, moment = self._number, MONDAY_SECONDS + self.turns / 1000
        self._ask("GET", "state/?candles=0&bricks=0")
        self._ask(
            "PUT",
            "positions/",
            {
                "strategy": "rsi_bb",
                "market": f"M{number}",
                "side": "long",
                "entry_price": 100,
                "size": 1,
                "entry_time": MONDAY_SECONDS,
                "as_of": moment,
                "extra": {"turn": self.turns},
            },
        )
        trade = payload(id=f"t-{number}-{self.turns}", exit_price=100 + self.turns % 7)
        self._ask("POST", "trades/", trade)
        self._ask("PUT", f"state/turn-{number}/", {"value": self.turns, "as_of": moment})

    def _ask(self, method: str, path: str, body: dict | None = None) -> None:
        started = time.monotonic()
        answer = self._client.insist(method, path, body, self._heard)
        self._slowest.append(time.monotonic() - started)
        assert answer.status in (200, 201), (method, path, answer)

    def _heard(self, answer) -> None:
        self._statuses[answer.status] += 1


def write_batches(client: Client, going_on, statuses: Counter) -> None:
    """Batches by turns of new trades, later than all before, and of their corrections."""
    for number in itertools.count():
        if not going_on():
            return
        batch = [
            payload(
                id=f"b-{number // 2}-{row}",
                revision=number % 2,
                exit_price=101 + number % 2,
                exit_time=MONDAY_SECONDS + 7200 + (number // 2 * WRITER_BATCH + row) * 6,
            )
            for row in range(WRITER_BATCH)
        ]
        assert (
            client.insist(
                "POST", "trades/", batch, lambda answer: statuses.update([answer.status])
            ).status
            == 201
        )


def crowd(server: Server, seconds: float, least_turns: int) -> None:
    """16 clients and a writer of batches for so long; nothing is refused, nothing lost."""
    bot = make_bot()
    client, ends = server.client(bot), time.monotonic() + seconds
    statuses, written, took = Counter(), Counter(), []
    visitors = [Visitor(client, number, statuses, took) for number in range(CLIENTS)]

    def visit(number: int) -> None:
        visitor = visitors[number]
        while visitor.turns < least_turns or time.monotonic() < ends:
            visitor.turn()

    visiting = Threads(CLIENTS, visit)
    writing = Threads(1, lambda number: write_batches(client, visiting.running, written))
    visiting.finish()
    writing.finish()
    took.sort()
    print(
        f"\n{connection.vendor}: {sum(statuses.values())} requests {dict(statuses)} beside"
        f" {sum(written.values())} batches {dict(written)}; p50 {took[len(took) // 2]:.3f} s,"
        f" p99 {took[len(took) * 99 // 100]:.3f} s, slowest {took[-1]:.3f} s"
    )
    # A worker that is replaced after its 2 000 requests hangs up (0); the client asks again.
    assert set(statuses) | set(written) <= {0, 200, 201}
    assert "is locked" not in server.log()
    turns = [visitor.turns for visitor in visitors]
    singles = Trade.objects.filter(external_id__startswith="t-").count()
    assert singles == sum(turns)
    for number, count in enumerate(turns):
        assert Position.objects.get(market__name=f"M{number}").extra == {"turn": count}
        assert StateEntry.objects.get(key=f"turn-{number}").value == count
    assert sums(bot) == rebuilt(bot)


def test_readers_and_writers_beside_a_writer_of_batches_are_all_served(transactional_db, server):
    crowd(server, seconds=1, least_turns=4)


@pytest.mark.soak
def test_readers_and_writers_are_all_served_for_ten_minutes(transactional_db, server):
    crowd(server, seconds=600, least_turns=4)


@pytest.fixture(scope="module")
def many(django_db_setup, tmp_path_factory):
    """A server with more processes than it has by itself."""
    with serving(tmp_path_factory.mktemp("many"), processes=4) as server:
        yield server


def of_each(server: Server, client: Client, path: str) -> list:
    """What each process answers, asked alone."""
    answers = []
    for worker in server.workers():
        with server.only(worker):
            client.hang_up()
            answers.append(client.ask("GET", path))
    client.hang_up()
    return answers


def test_a_revoked_token_is_refused_by_every_process_within_five_seconds(transactional_db, many):
    bot = make_bot()
    client = many.client(bot)
    assert [answer.status for answer in of_each(many, client, "positions/")] == [200] * 4
    tokens.revoke(BotToken.objects.filter(bot=bot))
    revoked = time.monotonic()
    while {answer.status for answer in of_each(many, client, "positions/")} != {401}:
        assert time.monotonic() - revoked < REVOKED_WITHIN
        time.sleep(0.1)
    assert time.monotonic() - revoked < REVOKED_WITHIN


def test_a_new_version_of_parameters_is_told_by_every_process_at_once(transactional_db, many):
    client = many.client(make_bot(), "operate")
    path, rng = "parameters/rsi_bb/", random.Random(1)
    tags = {of_each(many, client, path)[0].headers["ETag"]}
    for version in range(2, 7):
        with many.only(rng.choice(many.workers())):
            change = {"values": {"max_hold_minutes": version}, "reason": "Try another"}
            made = client.ask("POST", path, change)
            assert (made.status, made.json["version"]) == (201, version)
        for answer in of_each(many, client, path):
            assert answer.json == made.json
            assert answer.headers["ETag"] == made.headers["ETag"]
        (everything,) = of_each(many, client, "parameters/")[-1].json
        assert everything == made.json
        tags.add(made.headers["ETag"])
    assert len(tags) == 6


def test_a_trade_is_counted_under_the_version_that_another_process_made_live(
    transactional_db, many
):
    """What a process knows of the versions must not be what was so when it last stored a trade."""
    bot = make_bot()
    client = many.client(bot, "operate")
    for version, workers in enumerate(itertools.permutations(many.workers(), 2), start=2):
        storing, promoting = workers
        for worker, name in ((storing, "before"), (promoting, None), (storing, "after")):
            with many.only(worker):
                client.hang_up()
                if name is None:
                    change = {"values": {"max_hold_minutes": version}, "reason": "Try another"}
                    answer = client.ask("POST", "parameters/rsi_bb/", change)
                else:
                    reported = version if name == "after" else None
                    trade = payload(id=f"{name}-{version}", parameter_set=reported)
                    answer = client.ask("POST", "trades/", trade)
                assert answer.status == 201, answer
        found = Trade.objects.get(external_id=f"after-{version}")
        assert found.parameter_set.version == version
    assert sums(bot) == rebuilt(bot)


def test_a_bot_that_is_deleted_while_it_speaks_is_refused_and_leaves_nothing(
    transactional_db, server
):
    for number, write in enumerate(WRITES):
        bot = make_bot(f"bot-{number}")
        client = server.client(bot, "operate")
        # Every process knows the token, the strategy and the market by now.
        for worker in server.workers():
            with server.only(worker):
                client.hang_up()
                assert client.ask("POST", "trades/", payload(id=f"t-{worker}")).status == 201
                assert client.ask(*write).status in (200, 201)
        bot.delete()
        for _ in range(2):
            answer = client.ask(*write)
            # A heartbeat of nobody changes nothing.
            assert answer.status in (200, 401, 409), (write, answer)
        assert client.ask("GET", "state/").status in (200, 401)
        client.hang_up()
    for model in (Trade, StrategyInstance, Position, StateEntry, CandleSeries):
        assert not model.objects.exists(), model

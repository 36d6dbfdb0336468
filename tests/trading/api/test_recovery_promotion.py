"""A change of parameters that the server's death interrupts happened whole, or not at all."""

import contextlib
import http.client
import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection

from tests.trading.story import make_bot
from trading.models import LivePeriod, LiveSet, ParameterSet, StrategyInstance

from .server import Client
from .server import server_of_the_module as _server  # noqa: F401
from .threads import Threads

STRATEGY = "rsi_bb"
# What every version of these tests sets, all to values that follow from one number.
TOGETHER = ("rsi_period", "atr_period", "volume_ma_period", "max_hold_minutes")
FIRST_SET = None
LARGEST = 40
PULLERS = 2


def values(number: int) -> dict[str, int]:
    return dict.fromkeys(TOGETHER, number)


def number_of(told: dict) -> int | None:
    """The one number behind the values; the first set, which nobody sent, has none."""
    if told["version"] == 1:
        return FIRST_SET
    (number,) = {told["values"][name] for name in TOGETHER}
    return number


class Promoter:
    """Sends one change after another, whatever becomes of the server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stopped = threading.Event()
        self.sent: list[int] = []
        self.live: dict[int, int] = {}  # version -> number, of the changes that were answered
        self.statuses: Counter = Counter()

    def run(self) -> None:
        number = 1
        while not self._stopped.is_set():
            number = number % LARGEST + 1
            self.sent.append(number)
            change = {"values": values(number), "reason": f"Try {number}"}
            try:
                answer = self._client.ask("POST", f"parameters/{STRATEGY}/", change)
            except (OSError, http.client.HTTPException):
                self.statuses[0] += 1
                time.sleep(0.01)  # the server is being started again
                continue
            self.statuses[answer.status] += 1
            if answer.status == 201:
                assert number_of(answer.json) == number
                self.live[answer.json["version"]] = number

    def stop(self) -> None:
        self._stopped.set()


class Puller:
    """A bot that asks for its parameters all the time."""

    def __init__(self, client: Client, promoter: Promoter) -> None:
        self._client, self._promoter = client, promoter
        self.seen: dict[int, int | None] = {}
        self.statuses: Counter = Counter()

    def run(self, number: int) -> None:
        newest = 0
        while not self._promoter._stopped.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self._client.ask("GET", f"parameters/{STRATEGY}/")
                self.statuses[answer.status] += 1
                if answer.status == 200:
                    version = answer.json["version"]
                    assert version >= newest, "an older version came back"
                    newest = version
                    found = number_of(answer.json)
                    assert self.seen.setdefault(version, found) == found
            time.sleep(0.005)  # leave the processor to the server


def check(bot, promoter: Promoter, told: dict) -> None:
    """Exactly one live set, which is the newest; every version has its period and its history."""
    instance = StrategyInstance.objects.get(bot=bot, strategy=STRATEGY)
    live = LiveSet.objects.select_related("parameter_set").get(strategy_instance=instance)
    versions = dict(ParameterSet.objects.filter(instance=instance).values_list("version", "values"))
    assert sorted(versions) == list(range(1, len(versions) + 1))
    assert live.parameter_set.version == told["version"] == max(versions)
    assert told["values"] == versions[told["version"]]
    periods = LivePeriod.objects.filter(instance=instance).count()
    assert periods == LiveSet.history.filter(strategy_instance=instance).count() == len(versions)
    for version, number in promoter.live.items():
        assert {versions[version][name] for name in TOGETHER} == {number}
    if max(versions) > 1:
        assert versions[max(versions)]["rsi_period"] in promoter.sent[-2:]


def promote_under_kills(server, kills: int) -> None:
    rng = random.Random(kills)
    bot = make_bot()
    promoter = Promoter(server.client(bot, "operate"))
    puller = Puller(server.client(bot), promoter)
    promoting = Threads(1, lambda number: promoter.run())
    pulling = Threads(PULLERS, puller.run)
    client = server.client(bot)
    for _ in range(kills):
        answered = len(promoter.live)
        while promoting.running() and len(promoter.live) < answered + 2:
            time.sleep(0.001)
        time.sleep(rng.random() / 20)  # anywhere in the changes under way
        connection.close()
        server.kill()
        server.start()
        # Taken before the server is asked: changes go on, and may be answered meanwhile.
        answered = max(promoter.live)
        told = client.insist("GET", f"parameters/{STRATEGY}/").json
        assert told["version"] >= answered
    promoter.stop()
    promoting.finish()
    pulling.finish()
    assert set(promoter.statuses) <= {0, 201, 503}
    assert set(puller.statuses) <= {200, 503}
    assert len(puller.seen) > kills
    for version in puller.seen.keys() & promoter.live.keys():
        assert puller.seen[version] == promoter.live[version]
    check(bot, promoter, client.insist("GET", f"parameters/{STRATEGY}/").json)
    print(
        f"\n{connection.vendor}: {kills} kills, changes {dict(promoter.statuses)} (0: no answer),"
        f" pulls {dict(puller.statuses)} of {len(puller.seen)} versions"
    )


def test_a_kill_while_parameters_change_leaves_one_live_set(transactional_db, server):
    promote_under_kills(server, kills=5)


@pytest.mark.soak
def test_fifty_kills_while_parameters_change_leave_one_live_set(transactional_db, server):
    promote_under_kills(server, kills=50)

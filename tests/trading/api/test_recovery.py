"""A bot that lost everything it knew gets exactly that back."""

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.trading.story import MONDAY_SECONDS, make_bot

from .server import Client
from .server import server_of_the_module as _server  # noqa: F401
from .threads import Threads

STRATEGIES = ("breakout", "renko_ao", "rsi_bb", "rsi_bb@sol")
SERIES = 1_000  # candles and bricks of each series: more than are given back
GIVEN_BACK = 200
SENDERS = 4


def iso(seconds: float) -> str:
    found = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return found.replace("+00:00", "Z")


def position(strategy: str, market: str, rng: random.Random) -> dict:
    """A report as the bot sends it; amounts as text, which is how they come back."""
    return {
        "strategy": strategy,
        "market": market,
        "side": rng.choice(["long", "short"]),
        "entry_price": str(rng.randrange(1, 10**9) / 1000),
        "size": str(rng.randrange(1, 99) / 8),
        "stop_loss": rng.choice([None, "95.5"]),
        "take_profit": rng.choice([None, "1e3"]),
        "entry_time": MONDAY_SECONDS + rng.randrange(64_000) / 64,
        "as_of": MONDAY_SECONDS + 2000.25,
        "order_id": rng.choice(["", "0xdeadbeef"]),
        "initial_size": rng.choice([None, "0.1"]),
        "scaled_entries": rng.choice([[], [[100.5, 0.1], {"at": 1e-9}]]),
        "extra": {"entry_ao": rng.gauss(0, 1), "note": "é\u2028<b>"},
    }


def told_back(report: dict) -> dict:
    """How a report is answered."""
    amounts = ("entry_price", "size", "stop_loss", "take_profit", "initial_size")
    return report | {
        **{name: plain(report[name]) for name in amounts},
        **{name: iso(report[name]) for name in ("entry_time", "as_of")},
    }


def plain(amount: str | None) -> str | None:
    """Without exponent and trailing zeros."""
    if amount is None:
        return None
    text = format(Decimal(amount), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def accepted(answer, *statuses: int) -> None:
    assert answer.status in (statuses or (200, 201)), answer


class Life:
    """What a bot did until it was wiped, and what it therefore must get back."""

    def __init__(self, client: Client, positions: int, seed: int) -> None:
        self.client, self.rng = client, random.Random(seed)
        self.positions = {
            (strategy, market): position(strategy, market, self.rng)
            for strategy in STRATEGIES
            for market in (f"M{n:03}/USDT" for n in range(positions // len(STRATEGIES)))
        }
        self.state = {
            f"key-{number}": {"value": self.rng.choice([None, 1.5, "x", [1, {"a": []}]])}
            for number in range(20)
        }

    def trade(self) -> None:
        """Open everything, and go on until some is closed, some reported anew, some out of date."""
        Threads(SENDERS, lambda number: self._open(number)).finish()
        for place in self.rng.sample(sorted(self.positions), len(self.positions) // 10):
            self._change(place)
        self._series()
        for number, (key, kept) in enumerate(self.state.items()):
            kept["as_of"] = MONDAY_SECONDS + number
            accepted(self.client.insist("PUT", f"state/{key}/", kept))
        values = {"values": {"max_hold_minutes": 7}, "reason": "Hold longer"}
        accepted(self.client.insist("POST", "parameters/rsi_bb@sol/", values))

    def _open(self, number: int) -> None:
        for report in list(self.positions.values())[number::SENDERS]:
            accepted(self.client.insist("PUT", "positions/", report))

    def _change(self, place: tuple[str, str]) -> None:
        report = self.positions[place]
        older = report | {"as_of": report["as_of"] - 1, "size": "77"}
        accepted(self.client.insist("PUT", "positions/", older), 409)
        newer = report | {"as_of": report["as_of"] + 1, "size": "0.5", "stop_loss": "99"}
        accepted(self.client.insist("PUT", "positions/", newer))
        self.positions[place] = newer
        if self.rng.random() < 0.3:
            strategy, market = place
            query = f"positions/?strategy={strategy}&market={market}"
            assert self.client.insist("DELETE", query).json == {"deleted": 1}
            del self.positions[place]

    def _series(self) -> None:
        """Candles with a gap before the newest, and bricks, in batches that come in disorder."""
        parts = [(at, at + 250) for at in range(0, SERIES, 250)]
        self.rng.shuffle(parts)
        for first, last in parts:
            body = {"market": "BTC-PERP", "interval": 60, "candles": candles()[first:last]}
            accepted(self.client.insist("POST", "candles/", body))
            body = {"strategy": "renko_ao", "market": "BTC-PERP", "bricks": bricks()[first:last]}
            accepted(self.client.insist("POST", "bricks/", body))


def candles() -> list[list]:
    times = [MONDAY_SECONDS + 60 * (at + 5_000 * (at > SERIES - 50)) for at in range(SERIES)]
    return [[time, 10.0, 11.5, 9.25, 10.0 + at / SERIES, at] for at, time in enumerate(times)]


def bricks() -> list[dict]:
    return [
        {
            "sequence": at,
            "open_time": MONDAY_SECONDS + at,
            "close_time": MONDAY_SECONDS + at + 1,
            "open": 10.0 + at,
            "close": 11.0 + at,
            "direction": 1,
            "high": 11.5 + at,
            "low": 9.5 + at,
            "size": 1.0,
        }
        for at in range(SERIES)
    ]


def check(found: dict, life: Life) -> None:
    wanted = [told_back(life.positions[place]) for place in sorted(life.positions)]
    assert found["positions"] == wanted
    assert found["candles"] == [
        {"market": "BTC-PERP", "interval": 60, "candles": candles()[-GIVEN_BACK:]}
    ]
    (series,) = found["bricks"]
    assert [brick["sequence"] for brick in series["bricks"]] == list(range(SERIES))[-GIVEN_BACK:]
    last = bricks()[-1]
    assert series["bricks"][-1] == last | {
        name: iso(last[name]) for name in ("open_time", "close_time")
    }
    assert found["state"] == {
        key: {"key": key, "value": kept["value"], "as_of": iso(kept["as_of"])}
        for key, kept in life.state.items()
    }
    told = {row["strategy"]: row for row in found["parameters"]}
    assert sorted(told) == sorted(STRATEGIES)
    assert {name: row["version"] for name, row in told.items()} == dict.fromkeys(STRATEGIES, 1) | {
        "rsi_bb@sol": 2
    }
    assert told["rsi_bb@sol"]["values"]["max_hold_minutes"] == 7
    assert told["rsi_bb"]["values"]["max_hold_minutes"] == 3


def recover(client: Client) -> dict:
    answer = client.ask("GET", "state/")
    assert answer.status == 200
    del answer.json["server_time"]
    return answer.json


def recovers_everything(server, positions: int) -> None:
    bot = make_bot()
    life = Life(server.client(bot, "operate"), positions, seed=positions)
    life.trade()
    wiped = server.client(bot)
    first = recover(wiped)
    check(first, life)
    assert recover(wiped) == first
    wiped.hang_up()
    server.stop()
    server.start()
    assert recover(wiped) == first
    wiped.hang_up()
    server.kill()
    server.start()
    assert recover(wiped) == first
    wiped.hang_up()


def test_a_wiped_bot_gets_back_what_it_had_now_again_and_after_a_redeploy(transactional_db, server):
    recovers_everything(server, positions=120)


@pytest.mark.soak
def test_a_wiped_bot_gets_back_a_thousand_open_positions(transactional_db, server):
    recovers_everything(server, positions=1_000)

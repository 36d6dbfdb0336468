"""A bot trades through an experiment in simulated time; restarts in the middle change nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.trading.api.server import Server, database_url
from trading import clock
from trading.assignment.schedule import Plan
from trading.bots import tokens
from trading.models import Bot

from .conftest import Client

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, TRADES_AN_HOUR, PLANNED = timedelta(hours=1), 3, 150
SEED, SHARES = 20_260_302, (2, 1)
BOT_RESTARTS, SERVER_RESTARTS, SERVER_KILLS = {7, 23}, {12}, {30, 31}


class Simulated(Server):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"SIMULATION": "1"}


@dataclass
class TradingBot:
    """Asks what to do each hour, and trades that; what it was told it writes down."""

    url: str
    token: str
    folder: str
    told: list = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.client = self.connect()

    def connect(self) -> Client:
        return Client(
            self.url, self.token, directory=self.folder, background=False, timeout=30, refresh=0
        )

    def restart(self) -> None:
        self.client.close(timeout=0)
        self.client = self.connect()
        self.client.recover()

    def hour(self, now: datetime) -> None:
        found = self.client.parameters("rsi_bb")
        self.told.append((found.experiment, found.arm, found.values["stop_loss_bps"]))
        for number in range(TRADES_AN_HOUR):
            entry = now + timedelta(minutes=10 * number)
            # Every other hour it does not say which version it used.
            version = {"parameter_set": found.version} if len(self.told) % 2 else {}
            self.client.record_trade(
                id=f"x-{self.sent}",
                strategy="rsi_bb",
                market="BTC/USDT",
                side="long",
                entry_price=100,
                exit_price=100 + self.sent % 3,
                size=1,
                entry_time=entry,
                exit_time=entry + timedelta(minutes=5),
                exit_reason="time_stop",
                **version,
            )
            self.sent += 1
        assert self.client.flush(30)


def begin(bot: TradingBot) -> dict:
    bot.client.ask("/clock/", {"now": START.isoformat()})
    return bot.client.ask(
        "/experiments/",
        {
            "strategy": "rsi_bb",
            "name": "stop_6",
            "reason": "Room",
            "seed": SEED,
            "arms": [{"name": "B", "values": {"stop_loss_bps": 6.0}}],
            "shares": list(SHARES),
            "max_trades": PLANNED,
            "block_seconds": 3600,
        },
    )


@pytest.mark.django_db(transaction=True)
def test_what_it_trades_is_counted_under_what_it_was_told_whatever_restarts(tmp_path):
    server = Simulated(tmp_path, database_url(), 1)
    try:
        server.start()
        secret = tokens.issue(Bot.objects.create(name="alpha"), "operate")[1]
        bot = TradingBot(f"http://127.0.0.1:{server.port}", secret, str(tmp_path / "queue"))
        made = begin(bot)
        events = live(bot, server, hours=54)
        found = bot.client.ask(f"/experiments/{made['id']}/")
        trades = bot.client.ask("/trades/?limit=500")["trades"]
        bot.client.close(timeout=0)
    finally:
        server.kill()
    check(bot, found, trades, events)


def live(bot: TradingBot, server: Server, hours: int) -> list[dict]:
    events = []
    for number in range(hours):
        if number in BOT_RESTARTS:
            bot.restart()
        if number in SERVER_RESTARTS | SERVER_KILLS:
            (server.kill if number in SERVER_KILLS else server.stop)()
            server.start()
        bot.hour(START + number * HOUR)
        moved = bot.client.ask("/clock/", {"now": (START + (number + 1) * HOUR).isoformat()})
        events += [one for one in moved["events"] if one["type"].startswith("experiment")]
    return events


def check(bot: TradingBot, found: dict, trades: list[dict], events: list[dict]) -> None:
    plan = Plan(SEED, SHARES, 0, 1)
    lasted = PLANNED // TRADES_AN_HOUR  # hours
    arms = [("control", "B")[plan.arm(number)] for number in range(lasted)]
    stops = {"control": 4.0, "B": 6.0}
    assert bot.told[:lasted] == [("stop_6", arm, stops[arm]) for arm in arms]
    assert bot.told[lasted:] == [(None, None, 4.0)] * (54 - lasted)
    # The log says what it was told.
    assert [(one["number"], one["arm"]) for one in found["blocks"]] == list(enumerate(arms))
    # Shares: of each round of six blocks the control has four.
    assert all(arms[at : at + 6].count("control") == 4 for at in range(0, lasted - 5, 6))
    # Attribution: of each arm as many trades as hours in which it was told, times three.
    counts = {arm["name"]: arm["metrics"]["trades"] for arm in found["arms"]}
    assert counts == {name: TRADES_AN_HOUR * arms.count(name) for name in stops}
    versions = {arm["name"]: arm["version"] for arm in found["arms"]}
    made = {int(one["id"].removeprefix("x-")): one["parameter_set"] for one in trades}
    for number in range(bot.sent):
        hour = number // TRADES_AN_HOUR
        assert made[number] == (versions[arms[hour]] if hour < lasted else 1)
    # It ended with the last of its trades, though that was found out later.
    last = START + (lasted - 1) * HOUR + timedelta(minutes=25)
    assert (found["status"], found["ended_at"]) == ("completed", clock.to_text(last))
    assert [(one["type"], one["reason"]) for one in events] == [
        ("experiment_stopped", "Planned length of 150 trades reached")
    ]

"""kill -9, of the bot and of the server: what was acknowledged arrives, and arrives once."""

import random
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from selflearn_client import Client

from .conftest import CLIENT, ROOT, trade

BOT = ROOT / "tests" / "clients" / "bot.py"


def trades_of(service) -> dict[str, int]:
    with sqlite3.connect(service.data / "selflearn.sqlite3") as base:
        return dict(base.execute("SELECT external_id, count(*) FROM trading_trade GROUP BY 1"))


def counted_by(service) -> int:
    with sqlite3.connect(service.data / "selflearn.sqlite3") as base:
        return base.execute("SELECT sum(evaluations) FROM trading_evaluationcount").fetchone()[0]


def run_bot(service, folder, first: int, seconds: float, pause: float) -> int:
    """Run it for a while, kill it, and return the number that it acknowledged last."""
    bot = subprocess.Popen(
        [
            sys.executable,
            str(BOT),
            str(CLIENT),
            service.account.url,
            service.account.token,
            str(folder),
            str(first),
            str(pause),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(bot.stdout))
    reader.start()
    time.sleep(seconds)
    bot.kill()
    bot.wait()
    reader.join()
    return int(lines[-1]) if lines else first - 1


def through_kills_of_the_bot(service, folder, kills: int) -> None:
    rng = random.Random(5)
    service.start()
    acknowledged = -1
    for _ in range(kills):
        acknowledged = run_bot(
            service, folder, acknowledged + 1, rng.uniform(0.3, 1.3), rng.choice((0, 0.002))
        )
    with Client(
        service.account.url, service.account.token, directory=folder, background=False
    ) as last:
        assert last.flush(timeout=120)
        assert not last.rejected_file.exists()
    found = trades_of(service)
    assert acknowledged > 50
    assert {f"k-{number}" for number in range(acknowledged + 1)} <= found.keys()
    # At each kill one trade may be on disk whose acknowledgement did not come out.
    assert len(found) - (acknowledged + 1) <= 1
    assert set(found.values()) == {1}
    assert acknowledged + 1 <= counted_by(service) <= acknowledged + 1 + kills
    service.kill()


def through_kills_of_the_server(service, folder, trades: int, kills: int) -> None:
    rng = random.Random(6)
    service.start()
    client = Client(service.account.url, service.account.token, directory=folder, timeout=5)

    def record() -> None:
        for number in range(trades):
            for revision in range(2):
                client.record_trade(**trade(number, revision=revision, exit_price=100 + revision))
            if number % 50 == 0:
                # Slowly enough that every kill finds batches on their way.
                time.sleep(2.5 * kills * 50 / trades)

    bot = threading.Thread(target=record)
    bot.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.2, 1.2))
        service.kill()
        service.start()
    bot.join()
    assert client.flush(timeout=180), client.last_error
    assert not client.rejected_file.exists()
    client.close()
    with sqlite3.connect(service.data / "selflearn.sqlite3") as base:
        rows = base.execute(
            "SELECT count(*), count(DISTINCT external_id), min(revision) FROM trading_trade"
        ).fetchone()
    assert rows == (trades, trades, 1)
    rollups = "SELECT scope_id, day, tally, hours FROM trading_rollupday ORDER BY 1, 2"
    with sqlite3.connect(service.data / "selflearn.sqlite3") as base:
        before = base.execute(rollups).fetchall()
    service.manage("rebuild_rollups")
    with sqlite3.connect(service.data / "selflearn.sqlite3") as base:
        assert base.execute(rollups).fetchall() == before
    service.kill()


def test_what_was_acknowledged_arrives_once_through_kills_of_the_bot(service, tmp_path):
    through_kills_of_the_bot(service, tmp_path / "queue", kills=5)


def test_all_revisions_arrive_through_kills_of_the_server(service, tmp_path):
    through_kills_of_the_server(service, tmp_path / "queue", trades=1_000, kills=3)


@pytest.mark.soak
def test_through_fifty_kills_of_the_bot(service, tmp_path):
    through_kills_of_the_bot(service, tmp_path / "queue", kills=50)


@pytest.mark.soak
def test_ten_thousand_trades_in_two_revisions_through_ten_kills_of_the_server(service, tmp_path):
    through_kills_of_the_server(service, tmp_path / "queue", trades=10_000, kills=10)

"""Simulated time: one clock that bots move forward, and everything follows."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.trading.story import MONDAY_SECONDS, make_bot, payload
from trading import clock
from trading.bots import simulated_clock

from .server import ROOT, serving

DAY = 86_400
JANUARY = int(datetime(2031, 1, 1, tzinfo=UTC).timestamp())


def moved(api, to):
    return api.post("clock/", {"now": to})


def test_where_time_is_real_there_is_no_clock_to_move(api):
    for answer in (api.get("clock/"), moved(api, JANUARY)):
        assert answer.status_code == 404
        assert "SIMULATION=1" in answer.json()["detail"]


def test_the_clock_only_moves_forward(api, simulated):
    assert moved(api, JANUARY).json() == {"now": "2031-01-01T00:00:00.000000Z", "events": []}
    assert moved(api, "2031-01-01T01:00:00+01:00").status_code == 200
    back = moved(api, JANUARY - 1)
    assert back.status_code == 409 and "forward" in back.json()["detail"]
    assert api.get("clock/").json() == {"now": "2031-01-01T00:00:00.000000Z"}


@pytest.mark.parametrize("to", ["tomorrow", True, JANUARY * 1000, "2031-01-01T00:00:00", None])
def test_a_moment_that_is_none_moves_nothing(api, simulated, to):
    assert list(moved(api, to).json()) == ["now"]
    assert simulated_clock.now() is None


def test_every_window_and_answer_follows_the_clock(api, simulated):
    moved(api, JANUARY)
    trade = payload(entry_time=JANUARY - 7200, exit_time=JANUARY - 3600)
    assert api.post("trades/", trade).status_code == 201
    assert api.get("performance/?window=24h").json()["trades"] == 1
    assert api.post("heartbeat/", {}).json()["server_time"] == "2031-01-01T00:00:00.000000Z"
    api.get("parameters/rsi_bb/")
    assert api.get("parameters/history/").json()[0]["changed_at"].startswith("2031-01-01T00:00")
    moved(api, JANUARY + 2 * DAY)
    assert api.get("performance/?window=24h").json()["trades"] == 0
    assert api.get("performance/?window=7d").json()["trades"] == 1
    assert api.get("state/").json()["server_time"] == "2031-01-03T00:00:00.000000Z"


def test_the_limit_on_the_future_is_lifted(api, simulated):
    moved(api, JANUARY)
    far = JANUARY + 900 * DAY
    assert api.post("trades/", payload(entry_time=far, exit_time=far + 1)).status_code == 201
    assert api.put("state/k/", {"value": 1, "as_of": far}).status_code == 201
    row = {"market": "M", "interval": 60, "candles": [[far, 1, 1, 1, 1, 1]], "as_of": far}
    assert api.post("candles/", row).status_code == 201


def test_what_falls_due_on_the_way_is_run_in_order_and_told(api, simulated, monkeypatch):
    ran = []

    def stage(name):
        def run(before, to):
            ran.append((name, before, to))
            return [{"type": name}]

        return run

    monkeypatch.setattr(simulated_clock, "stages", [stage("first"), stage("second")])
    moved(api, MONDAY_SECONDS)
    answer = moved(api, MONDAY_SECONDS + DAY)
    assert answer.json()["events"] == [{"type": "first"}, {"type": "second"}]
    start, end = map(clock.from_epoch, (MONDAY_SECONDS, MONDAY_SECONDS + DAY))
    assert ran[2:] == [("first", start, end), ("second", start, end)]


def test_a_server_started_for_it_simulates_in_all_its_processes(
    transactional_db, tmp_path, monkeypatch
):
    monkeypatch.setenv("SIMULATION", "1")
    with serving(tmp_path) as server:
        client = server.client(make_bot())
        assert client.ask("POST", "clock/", {"now": JANUARY}).status == 200
        for worker in server.workers():
            client.hang_up()
            with server.only(worker):
                assert client.ask("GET", "clock/").json == {"now": "2031-01-01T00:00:00.000000Z"}


def test_simulation_is_refused_in_production(tmp_path):
    variables = {
        "SIMULATION": "1",
        "PRODUCTION": "1",
        "DATA_DIR": str(tmp_path),
        "ALLOWED_HOSTS": "bot.example.org",
        "DJANGO_SETTINGS_MODULE": "",
    }
    del variables["DJANGO_SETTINGS_MODULE"]
    kept = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    found = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode != 0 and "SIMULATION" in found.stderr

"""Positions, candles, bricks, values, counts and heartbeats: what is newer wins, and comes back."""

from __future__ import annotations

import pytest

from tests.trading.story import MONDAY_SECONDS, payload
from trading import clock
from trading.models import Bot, EvaluationCount, Position, StrategyInstance

MINUTE = MONDAY_SECONDS
POSITION = {
    "strategy": "rsi_bb",
    "market": "BTC",
    "side": "long",
    "entry_price": "10.50",
    "size": 1,
    "entry_time": MINUTE,
    "as_of": MINUTE + 60,
    "stop_loss": 9.75,
    "order_id": "o-1",
    "initial_size": 2,
    "scaled_entries": [{"price": 10}],
    "extra": {"trail": [1, None]},
}


def counts(answer) -> tuple[int, int, int]:
    found = answer.json()
    return found["stored"], found["updated"], found["unchanged"]


def test_a_position_is_new_then_replaced_then_known(api):
    first = api.put("positions/", POSITION)
    again = api.put("positions/", POSITION | {"entry_price": 10.5})
    later = api.put("positions/", POSITION | {"size": 3, "as_of": MINUTE + 120})
    assert [answer.status_code for answer in (first, again, later)] == [201, 200, 200]
    (found,) = api.get("positions/").json()
    assert found == later.json()
    assert found | {"size": "1", "as_of": first.json()["as_of"]} == first.json()
    assert (found["entry_price"], found["size"], found["take_profit"]) == ("10.5", "3", None)
    assert found["entry_time"] == "2025-03-03T00:00:00.000000Z"


@pytest.mark.parametrize("changes", [{"as_of": MINUTE + 59}, {"size": 7}])
def test_an_older_or_contradicting_report_is_answered_with_the_stored_one(api, changes):
    stored = api.put("positions/", POSITION).json()
    answer = api.put("positions/", POSITION | changes)
    assert (answer.status_code, answer.json()["stored"]) == (409, stored)
    assert api.get("positions/").json() == [stored]


def test_a_position_that_a_trade_closed_since_does_not_come_back(api):
    closed = payload(market="BTC", entry_time=MINUTE, exit_time=MINUTE + 600)
    api.post("trades/", closed)
    late = api.put("positions/", POSITION)
    assert (late.status_code, late.json()["stored"]) == (409, None)
    assert not Position.objects.exists()
    # What is left after a partial exit, another entry and another side are no older news.
    for changes in ({"as_of": MINUTE + 600}, {"entry_time": MINUTE + 1, "market": "ETH"}):
        assert api.put("positions/", POSITION | changes).status_code == 201
    assert api.put("positions/", POSITION | {"strategy": "rsi_bb@b"}).status_code == 201


def test_a_report_that_was_under_way_for_longer_does_not_bring_a_closed_position_back(api):
    where = "positions/?strategy=rsi_bb&market=BTC"
    api.put("positions/", POSITION)
    assert api.raw("DELETE", f"{where}&as_of={MINUTE + 90}").json() == {"deleted": 1}
    for as_of in (MINUTE + 60, MINUTE + 90):
        late = api.put("positions/", POSITION | {"as_of": as_of})
        assert (late.status_code, late.json()["stored"]) == (409, None)
    assert api.get("positions/").json() == []
    assert api.put("positions/", POSITION | {"as_of": MINUTE + 91}).status_code == 201


def test_a_position_is_closed_before_its_report_arrives(api):
    where = f"positions/?strategy=rsi_bb&market=BTC&as_of={MINUTE + 90}"
    assert api.raw("DELETE", where).json() == {"deleted": 0}
    assert api.put("positions/", POSITION).status_code == 409


def test_a_late_closing_leaves_a_newer_position_open(api):
    stored = api.put("positions/", POSITION).json()
    late = api.raw("DELETE", f"positions/?strategy=rsi_bb&market=BTC&as_of={MINUTE + 59}")
    assert (late.status_code, late.json()["stored"]) == (409, stored)
    assert api.get("positions/").json() == [stored]


def test_a_repeated_report_does_not_bring_back_what_was_closed_without_a_moment(api):
    api.put("positions/", POSITION)
    api.raw("DELETE", "positions/?strategy=rsi_bb&market=BTC")
    assert api.put("positions/", POSITION).status_code == 409
    assert api.put("positions/", POSITION | {"as_of": MINUTE + 61}).status_code == 201


def test_a_closed_position_is_forgotten_once(api):
    api.put("positions/", POSITION | {"strategy": "rsi_bb@sol", "market": "BTC/USDT:USDT"})
    where = "positions/?strategy=mean_reversion@sol&market=BTC/USDT:USDT"
    assert [api.raw("DELETE", where).json() for _ in range(2)] == [{"deleted": 1}, {"deleted": 0}]
    assert api.get("positions/").json() == []


def candles(*rows, **more) -> dict:
    return {"market": "BTC", "interval": 60, "candles": list(rows), **more}


def test_candles_are_stored_once_replaced_and_given_back_newest_last(api):
    rows = [[MINUTE + 60 * n, 10, 12, 9, 11, None if n % 2 else 5] for n in range(5)]
    assert counts(api.post("candles/", candles(*rows))) == (5, 0, 0)
    again = api.post("candles/", candles(*reversed(rows)))
    assert (again.status_code, counts(again)) == (200, (0, 0, 5))
    changed = [*rows[2][:4], 10, 6]
    assert counts(api.post("candles/", candles(changed, rows[3][:5]))) == (0, 1, 1)
    read = "candles/?market=BTC&interval=60"
    rows[2] = changed
    assert api.get(read).json() == {"market": "BTC", "interval": 60, "candles": rows}
    assert api.get(f"{read}&limit=2").json()["candles"] == rows[-2:]
    part = f"{read}&since={MINUTE + 60}&until={MINUTE + 180}"
    assert api.get(part).json()["candles"] == rows[1:3]
    assert api.get(f"{read}&until=2025-03-03T00:02:00Z&limit=1").json()["candles"] == [rows[1]]
    assert api.get("candles/?market=BTC&interval=300").json()["candles"] == []


def test_of_a_candle_sent_twice_the_later_wins(api):
    answer = api.post("candles/", candles([MINUTE, 1, 2, 1, 1, 1], [MINUTE, 1, 3, 1, 2, 1]))
    assert counts(answer) == (1, 0, 1)
    assert api.get("candles/?market=BTC&interval=60").json()["candles"] == [[MINUTE, 1, 3, 1, 2, 1]]


def test_an_older_message_never_overwrites_a_newer_candle(api):
    def sent(close, as_of):
        return counts(api.post("candles/", candles([MINUTE, 10, 12, 9, close, 5], as_of=as_of)))

    assert sent(11, MINUTE + 50) == (1, 0, 0)
    assert sent(10, MINUTE + 40) == (0, 0, 1)
    assert sent(12, MINUTE + 60) == (0, 1, 0)
    assert api.get("candles/?market=BTC&interval=60").json()["candles"][0][4] == 12


BRICK = {
    "sequence": 1,
    "open_time": MINUTE,
    "close_time": MINUTE + 60,
    "open": 10,
    "close": 11,
    "direction": "up",
    "high": 11.5,
    "low": 10,
    "size": 1,
}


def test_bricks_are_stored_once_replaced_and_given_back_newest_last(api):
    bricks = [BRICK | {"sequence": n} for n in range(5)]
    sent = {"strategy": "renko_ao", "market": "BTC", "bricks": bricks}
    assert counts(api.post("bricks/", sent)) == (5, 0, 0)
    assert counts(api.post("bricks/", sent)) == (0, 0, 5)
    down = BRICK | {"sequence": 4, "direction": -1, "close": 9}
    assert counts(api.post("bricks/", sent | {"bricks": [down]})) == (0, 1, 0)
    found = api.get("bricks/?strategy=renko_ao&market=BTC&limit=2").json()
    assert [brick["sequence"] for brick in found["bricks"]] == [3, 4]
    assert [brick["direction"] for brick in found["bricks"]] == [1, -1]


def test_reading_makes_nothing(api):
    assert api.get("bricks/?strategy=renko_ao@new&market=BTC").json() == {
        "strategy": "renko_ao@new",
        "market": "BTC",
        "bricks": [],
    }
    api.get("trades/?strategy=rsi_bb@new")
    api.get("performance/?strategy=rsi_bb@new")
    assert not StrategyInstance.objects.exists()


@pytest.mark.parametrize(
    "value", [None, 0, "", [], {}, {"a": [1.5, {"b": "ü🦉\u202e"}]}, "x" * 262_142, 2**64 - 1]
)
def test_any_json_is_kept_and_given_back(api, value):
    assert api.put("state/a:b@c.d-e_f/", {"value": value, "as_of": MINUTE}).status_code == 201
    assert api.get("state/a:b@c.d-e_f/").json() == {
        "key": "a:b@c.d-e_f",
        "value": value,
        "as_of": "2025-03-03T00:00:00.000000Z",
    }


def test_the_value_of_the_newest_moment_stays(api):
    def sent(value, as_of):
        return api.put("state/k/", {"value": value, "as_of": as_of})

    assert sent(1, MINUTE + 0.5).status_code == 201
    assert sent(2, MINUTE + 1).status_code == 200
    assert sent(2, MINUTE + 1).status_code == 200
    for value, as_of in ((3, MINUTE + 1), (2, MINUTE)):
        answer = sent(value, as_of)
        assert (answer.status_code, answer.json()["stored"]["value"]) == (409, 2)
    assert api.get("state/other/").status_code == 404


COUNT = {
    "strategy": "rsi_bb",
    "market": "BTC",
    "from": MINUTE,
    "to": MINUTE + 3600,
    "evaluations": 60,
    "signals": 2,
    "blocked": {"trend": 41},
}


def test_counts_are_stored_once_per_stretch(api):
    assert counts(api.post("evaluations/", COUNT)) == (1, 0, 0)
    again = api.post("evaluations/", [COUNT, COUNT | {"strategy": "mean_reversion"}])
    assert (again.status_code, counts(again)) == (200, (0, 0, 2))
    grown = COUNT | {"to": MINUTE + 7200, "evaluations": 120}
    assert counts(api.post("evaluations/", [COUNT, grown])) == (0, 1, 1)
    row = EvaluationCount.objects.get()
    assert (row.evaluations, row.signals, row.blocked) == (120, 2, {"trend": 41})
    mixed = api.post("evaluations/", [COUNT | {"signals": 99}, COUNT | {"market": "ETH"}])
    assert (mixed.status_code, counts(mixed)) == (207, (1, 0, 0))
    assert [row["index"] for row in mixed.json()["rejected"]] == [0]


def test_a_heartbeat_is_kept_and_answered_with_what_to_compare(api):
    api.get("parameters/rsi_bb/")
    with clock.at(clock.EPOCH.replace(year=2025)) as now:
        answer = api.post(
            "heartbeat/",
            {"version": "1.8", "started_at": MINUTE, "status": "ok", "extra": {"open_orders": 3}},
        )
    assert answer.json() == {
        "parameters_etag": api.get("parameters/")["ETag"],
        "server_time": "2025-01-01T00:00:00.000000Z",
    }
    bot = Bot.objects.get()
    assert (bot.seen_at, bot.started_at) == (now, clock.from_epoch(MINUTE))
    assert bot.reported == {"version": "1.8", "status": "ok", "extra": {"open_orders": 3}}
    assert api.post("heartbeat/", {}).status_code == 200


def test_asking_for_parameters_counts_as_a_heartbeat(api):
    api.get("parameters/")
    first = Bot.objects.get().seen_at
    with clock.at(first + clock.MICROSECOND):
        api.get("parameters/rsi_bb/")
    assert Bot.objects.get().seen_at == first, "a bot that asks each second writes not each second"
    with clock.at(first.replace(year=first.year + 1)) as later:
        api.get("parameters/")
    assert Bot.objects.get().seen_at == later


def test_a_redeployed_bot_gets_everything_in_one_answer(api, other):
    api.put("positions/", POSITION)
    api.put("state/history/", {"value": [1, 2], "as_of": MINUTE})
    api.post("candles/", candles(*([MINUTE + 60 * n, 1, 1, 1, 1, 1] for n in range(9))))
    bricks = [BRICK | {"sequence": n} for n in range(9)]
    api.post("bricks/", {"strategy": "renko_ao", "market": "BTC", "bricks": bricks})
    other.put("positions/", POSITION)
    with clock.at(clock.EPOCH.replace(year=2026)):
        first, second = (api.get("state/?candles=2&bricks=3").json() for _ in range(2))
    assert first == second
    assert [told["strategy"] for told in first["parameters"]] == ["renko_ao", "rsi_bb"]
    assert first["positions"] == api.get("positions/").json()
    (series,) = first["candles"]
    assert [row[0] - MINUTE for row in series["candles"]] == [420, 480]
    (drawn,) = first["bricks"]
    assert [brick["sequence"] for brick in drawn["bricks"]] == [6, 7, 8]
    assert first["state"] == {"history": api.get("state/history/").json()}
    assert api.get("state/?candles=0&bricks=0").status_code == 200

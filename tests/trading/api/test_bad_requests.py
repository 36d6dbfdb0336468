"""The rest of the catalogue: candles, bricks, positions, state, counts, strategies."""

from __future__ import annotations

import json

import pytest

from tests.trading.story import MONDAY_SECONDS
from trading.models import (
    CandleSeries,
    EvaluationCount,
    ExternalStrategy,
    ParameterSet,
    Position,
    RenkoBrick,
    StateEntry,
)

MINUTE = MONDAY_SECONDS
LONE = "\ud800"
CANDLE = [MINUTE, 10, 12, 9, 11, 5]
BRICK = {
    "sequence": 1,
    "open_time": MINUTE,
    "close_time": MINUTE + 60,
    "open": 10,
    "close": 11,
    "direction": 1,
    "high": 11,
    "low": 10,
    "size": 1,
}
POSITION = {
    "strategy": "rsi_bb",
    "market": "BTC",
    "side": "long",
    "entry_price": 10,
    "size": 1,
    "entry_time": MINUTE,
    "as_of": MINUTE + 60,
}
COUNT = {
    "strategy": "rsi_bb",
    "market": "BTC",
    "from": MINUTE,
    "to": MINUTE + 60,
    "evaluations": 5,
    "signals": 1,
    "blocked": {"trend": 2},
}
OWN = {
    "key": "grid",
    "parameters": [{"name": "levels", "type": "integer", "default": 8, "low": 2, "high": 40}],
}
FAR = "2099-01-01T00:00:00Z"


def candle(**at) -> list:
    return [at.get(f"_{index}", value) for index, value in enumerate(CANDLE)]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(candle(_2=8), id="H1 high below low"),
        pytest.param(candle(_1=13), id="H2 open outside"),
        pytest.param(candle(_4=8), id="H2 close outside"),
        pytest.param(candle(_0=MINUTE + 7), id="H3 off the grid"),
        pytest.param(candle(_5=-1), id="H4 negative volume"),
        pytest.param(candle(_1=1e-320, _3=1e-320), id="H6 denormal"),
        pytest.param(candle(_1=0, _3=0), id="no price"),
        pytest.param(candle(_1=None), id="null"),
        pytest.param(candle(_1=True), id="true"),
        pytest.param(candle(_1="NaN"), id="NaN"),
        pytest.param(candle(_1=[1]), id="a list"),
        pytest.param(candle(_1=10**400), id="10^400"),
        pytest.param(candle(_5=10**400), id="volume 10^400"),
        pytest.param(candle(_0=FAR), id="future"),
        pytest.param(candle(_0=MINUTE * 1000), id="milliseconds"),
        pytest.param(candle(_0=MINUTE + 0.5), id="half a second"),
        pytest.param(candle(_0=None), id="no time"),
        pytest.param(candle()[:4], id="four numbers"),
        pytest.param([*candle(), 1], id="seven numbers"),
        pytest.param({}, id="an object"),
        pytest.param(None, id="nothing"),
    ],
)
def test_a_wrong_candle_is_refused_and_the_others_kept(api, row):
    sent = {"market": "BTC", "interval": 60}
    alone = api.post("candles/", sent | {"candles": [row]})
    assert alone.status_code == 400 and not CandleSeries.objects.exists()
    assert [list(one["errors"]) for one in alone.json()["rejected"]] == [["candle"]]
    mixed = api.post("candles/", sent | {"candles": [row, CANDLE]})
    assert mixed.status_code == 207
    assert [one["index"] for one in mixed.json()["rejected"]] == [0]
    assert api.get("candles/?market=BTC&interval=60").json()["candles"] == [CANDLE]


@pytest.mark.parametrize(
    ("path", "payload", "field"),
    [
        pytest.param(
            "candles/",
            {"market": "BTC", "interval": interval, "candles": []},
            "interval",
            id=f"H5 interval {interval!r}",
        )
        for interval in (0, -60, "1h", None, 60.5, True, 2**70)
    ]
    + [
        ("candles/", {"market": "B TC", "interval": 60, "candles": []}, "market"),
        ("candles/", {"market": "BTC", "interval": 60, "candles": {}}, "candles"),
        ("candles/", {"market": "BTC", "interval": 60}, "candles"),
        ("candles/", {"market": "BTC", "interval": 60, "candles": [], "as_of": FAR}, "as_of"),
        ("bricks/", {"strategy": "nobody", "market": "BTC", "bricks": []}, "strategy"),
        ("bricks/", {"strategy": "renko_ao", "market": "", "bricks": []}, "market"),
        ("heartbeat/", {"started_at": "yesterday"}, "started_at"),
        ("heartbeat/", {"time": True}, "time"),
        ("heartbeat/", {"status": {"a": "\x00"}}, "status"),
        ("heartbeat/", {"status": "x" * 5000}, "status"),
        ("heartbeat/", {"version": 1.5}, "version"),
        ("heartbeat/", {"parameter_set": -1}, "parameter_set"),
        ("heartbeat/", {"uptime": 5}, "uptime"),
        ("parameters/rsi_bb/", {"values": {}, "reason": " "}, "reason"),
        ("parameters/rsi_bb/", {"values": {}, "reason": "x" * 501}, "reason"),
        ("parameters/rsi_bb/", {"values": {}}, "reason"),
        ("parameters/rsi_bb/", {"values": [], "reason": "why"}, "values"),
        ("parameters/rsi_bb/", {"values": {"rsi_period": 0}, "reason": "why"}, "rsi_period"),
        ("parameters/rsi_bb/", {"values": {"rsi_period": 10**400}, "reason": "y"}, "rsi_period"),
        ("parameters/rsi_bb/", {"values": {"rsi_periot": 9}, "reason": "why"}, "rsi_periot"),
        ("parameters/rsi_bb/", {"values": {"rsi_period": [9]}, "reason": "why"}, "rsi_period"),
        ("parameters/rsi_bb/rollback/", {"to": 7, "reason": "why"}, "to"),
        ("parameters/rsi_bb/rollback/", {"to": 2**70, "reason": "why"}, "to"),
        ("parameters/rsi_bb/rollback/", {"to": "1", "reason": "why"}, "to"),
        ("strategies/", OWN | {"key": "rsi_bb"}, "parameters"),
        ("strategies/", OWN | {"key": "Grid"}, "key"),
        ("strategies/", OWN | {"title": "x" * 101}, "title"),
        ("strategies/", OWN | {"minimum_size": 2}, "minimum_size"),
        ("strategies/", OWN | {"arms": [{"levels": 99}]}, "arms"),
        ("strategies/", OWN | {"arms": [{"depth": 1}]}, "arms"),
        ("strategies/", OWN | {"features": ["a", "a"]}, "parameters"),
        ("strategies/", OWN | {"parameters": [{}]}, "parameters"),
        (
            "strategies/",
            OWN | {"parameters": [{"name": "a", "type": "float", "default": 1}]},
            "parameters",
        ),
        ("strategies/", OWN | {"parameters": OWN["parameters"] * 2}, "parameters"),
        (
            "strategies/",
            OWN | {"parameters": [OWN["parameters"][0] | {"default": 10**400}]},
            "parameters",
        ),
        ("strategies/", OWN | {"title": LONE}, "parameters"),
        ("strategies/", OWN | {"arms": [{"levels": 3}] * 20_000}, "parameters"),
    ],
)
def test_a_request_that_is_wrong_as_a_whole_names_its_field(api, path, payload, field):
    answer = api.post(path, payload)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()
    assert not (CandleSeries.objects.exists() or RenkoBrick.objects.exists())
    assert not ExternalStrategy.objects.exists()
    assert not ParameterSet.objects.filter(version__gt=1).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"direction": 2}, "direction"),
        ({"direction": "sideways"}, "direction"),
        ({"direction": True}, "direction"),
        ({"direction": None}, "direction"),
        ({"size": 0}, "size"),
        ({"size": 10**400}, "size"),
        ({"high": 9}, "high"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": 2**63}, "sequence"),
        ({"sequence": 10**4000}, "sequence"),
        ({"sequence": "1"}, "sequence"),
        ({"close_time": MINUTE - 1}, "close_time"),
        ({"close_time": FAR}, "close_time"),
        ({"open": 1e-320}, "open"),
        ({"wick": 1}, "wick"),
    ],
)
def test_a_wrong_brick_is_refused_and_the_others_kept(api, changes, field):
    sent = {"strategy": "renko_ao", "market": "BTC"}
    alone = api.post("bricks/", sent | {"bricks": [BRICK | changes]})
    assert alone.status_code == 400 and not RenkoBrick.objects.exists()
    assert list(alone.json()["rejected"][0]["errors"]) == [field]
    mixed = api.post("bricks/", sent | {"bricks": [BRICK, BRICK | changes]})
    assert mixed.status_code == 207 and RenkoBrick.objects.count() == 1


def test_bricks_leave_no_number_out(api):
    sent = {
        "strategy": "renko_ao",
        "market": "BTC",
        "bricks": [BRICK, BRICK | {"sequence": 3}, BRICK | {"sequence": 2}],
    }
    assert api.post("bricks/", sent).status_code == 201
    gap = api.post("bricks/", sent | {"bricks": [BRICK, BRICK | {"sequence": 5}]})
    assert gap.json()["rejected"] == [
        {"index": 1, "id": "5", "errors": {"sequence": ["2 is missing before it"]}}
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"size": 0}, "size"),
        ({"entry_price": "1e400"}, "entry_price"),
        ({"side": 1}, "side"),
        ({"stop_loss": -1}, "stop_loss"),
        ({"as_of": FAR}, "as_of"),
        ({"as_of": None}, "as_of"),
        ({"entry_time": FAR}, "entry_time"),
        ({"order_id": "a b"}, "order_id"),
        ({"extra": []}, "extra"),
        ({"extra": {"a": LONE}}, "extra"),
        ({"extra": {"\x00": 1}}, "extra"),
        ({"scaled_entries": {}}, "scaled_entries"),
        ({"scaled_entries": ["\x00"]}, "scaled_entries"),
        ({"extra": {"a": "x" * 17_000}}, "extra"),
        ({"strategy": "nobody"}, "strategy"),
        ({"market": "ВTC"}, "market"),
        ({"quantity": 1}, "quantity"),
    ],
)
def test_a_wrong_position_is_refused(api, changes, field):
    answer = api.put("positions/", POSITION | changes)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Position.objects.exists()


@pytest.mark.parametrize(
    ("key", "changes", "field"),
    [
        ("k", {"value": "\x00"}, "value"),
        ("k", {"value": {"a": LONE}}, "value"),
        ("k", {"value": {LONE: 1}}, "value"),
        ("k", {"value": 2**64}, "value"),
        ("k", {"value": "x" * 262_143}, "value"),
        ("k", {"as_of": FAR}, "as_of"),
        ("k", {"as_of": ""}, "as_of"),
        ("k", {"note": 1}, "note"),
        ("k", {"value": json.loads("[" * 21 + "]" * 21)}, "value"),
        ("a b", {}, "key"),
        ("k" * 65, {}, "key"),
        ("%00", {}, "key"),
        ("%ED%A0%80", {}, "key"),
    ],
)
def test_a_wrong_value_is_refused(api, key, changes, field):
    answer = api.put(f"state/{key}/", {"value": 1, "as_of": MINUTE} | changes)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not StateEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": MINUTE}, "to"),
        ({"to": FAR}, "to"),
        ({"signals": 4}, "evaluations"),
        ({"signals": -1}, "signals"),
        ({"evaluations": 2**63}, "evaluations"),
        ({"blocked": {"": 1}}, "blocked"),
        ({"blocked": {"a": -1}}, "blocked"),
        ({"blocked": {"a": 1.5}}, "blocked"),
        ({"blocked": {LONE: 0}}, "blocked"),
        ({"blocked": {"\x00": 0}}, "blocked"),
        ({"blocked": {"x" * 65: 0}}, "blocked"),
        ({"blocked": dict.fromkeys(map(str, range(101)), 0)}, "blocked"),
        ({"strategy": "nobody"}, "strategy"),
        ({"market": "*"}, "market"),
        ({"since": 1}, "since"),
    ],
)
def test_a_wrong_count_is_refused(api, changes, field):
    answer = api.post("evaluations/", [COUNT | changes])
    assert answer.status_code == 400
    assert list(answer.json()["rejected"][0]["errors"]) == [field]
    assert not EvaluationCount.objects.exists()

"""What the bot is told: conditional, versioned, changed and rolled back; strategies of its own."""

from __future__ import annotations

import pytest

from tests.trading.story import MONDAY_SECONDS, payload
from trading.models import BotToken, ParameterSet, StrategyInstance
from trading.strategies import REGISTRY, get

GRID = {
    "key": "grid",
    "title": "Grid",
    "parameters": [
        {"name": "levels", "type": "integer", "default": 8, "low": 2, "high": 40, "unit": "n"},
        {"name": "spacing", "type": "number", "default": 25, "low": 5, "high": 200, "step": 5},
        {"name": "side", "type": "choice", "default": "both", "choices": ["long", "both"]},
        {"name": "hedge", "type": "boolean", "default": False, "help": "Hedge on a perp."},
    ],
    "features": ["inventory"],
    "autonomy": "propose",
    "minimum_size": 0.25,
    "arms": [{"levels": 8}, {"levels": 12, "side": "long"}],
}


def change(api, values, reason="try it", strategy="rsi_bb"):
    return api.post(f"parameters/{strategy}/", {"values": values, "reason": reason})


def test_a_strategy_that_is_asked_for_first_starts_with_its_defaults(api):
    assert api.get("parameters/").json() == []
    told = api.get("parameters/mean_reversion/").json()
    assert told == {
        "strategy": "rsi_bb",
        "version": 1,
        "values": get("rsi_bb").defaults(),
        "experiment": None,
        "arm": None,
        "size": 1.0,
        "status": "learning",
        "valid_until": None,
    }
    assert api.get("parameters/").json() == [told]


@pytest.mark.parametrize("path", ["parameters/", "parameters/rsi_bb/"])
def test_an_answer_that_the_bot_has_is_304_until_something_changes(api, path):
    api.get("parameters/rsi_bb/")
    tag = api.get(path)["ETag"]
    assert tag.startswith('"') and tag.endswith('"')
    for given in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        same = api.get(path, HTTP_IF_NONE_MATCH=given)
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert api.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    made = change(api, {"rsi_period": 9})
    answer = api.get(path, HTTP_IF_NONE_MATCH=tag)
    assert (answer.status_code, answer["ETag"] != tag) == (200, True)
    assert made["ETag"] == api.get("parameters/rsi_bb/")["ETag"]
    StrategyInstance.objects.update(size=0.5)
    assert api.get(path)["ETag"] != answer["ETag"], "the size is part of what is told"


def test_a_change_is_a_version_of_its_own_and_live_at_once(api):
    made = change(api, {"rsi_period": 9})
    assert made.status_code == 201
    assert (made.json()["version"], made.json()["values"]["rsi_period"]) == (2, 9)
    assert api.get("parameters/rsi_bb/").json() == made.json()
    assert change(api, {}).json()["values"] == get("rsi_bb").defaults() | {"rsi_period": 9}
    assert change(api, {"rsi_period": 7}, strategy="rsi_bb@sol").json()["version"] == 2
    assert api.get("parameters/rsi_bb/").json()["version"] == 3


def test_a_rollback_is_a_new_version_with_the_old_values(api):
    change(api, {"rsi_period": 9})
    change(api, {"rsi_period": 11})
    answer = api.post("parameters/rsi_bb/rollback/", {"to": 2, "reason": "it was better"})
    assert (answer.status_code, answer.json()["version"]) == (201, 4)
    assert answer.json()["values"]["rsi_period"] == 9
    assert ParameterSet.objects.get(version=4).origin == "rollback"
    assert api.post("parameters/nobody/rollback/", {"to": 2, "reason": "x"}).status_code == 404


def test_every_change_has_its_row_of_history(api):
    change(api, {"rsi_period": 9, "bb_std": 2.5}, "Earlier and wider")
    rows = api.get("parameters/history/?strategy=rsi_bb&parameter=rsi_period").json()
    assert [(row["old_value"], row["new_value"], row["version"]) for row in rows] == [
        (14, 9, 2),
        (None, 14, 1),
    ]
    assert rows[0].keys() == {
        "strategy",
        "parameter_name",
        "old_value",
        "new_value",
        "changed_at",
        "changed_by",
        "reason",
        "version",
        "performance_before",
        "performance_after",
        "trades_before",
        "trades_after",
    }
    assert rows[0]["reason"] == "Earlier and wider"
    assert rows[0]["changed_by"] == f"token {BotToken.objects.get(bot=api.bot).prefix}"
    every = api.get("parameters/history/").json()
    assert {row["parameter_name"] for row in every if row["version"] == 2} == {
        "rsi_period",
        "bb_std",
    }
    assert api.get("parameters/history/?strategy=renko_ao").json() == []


def test_every_strategy_is_declared_with_bounds_features_and_filters(api):
    found = {one["key"]: one for one in api.get("strategies/").json()}
    assert found.keys() == REGISTRY.keys()
    rsi_bb = found["rsi_bb"]
    period = next(one for one in rsi_bb["parameters"] if one["name"] == "rsi_period")
    assert (period["type"], period["default"], period["low"]) == ("integer", 14, 1)
    assert {"low", "high", "step", "unit", "group", "help"} <= period.keys()
    assert rsi_bb["replayable"] is True and rsi_bb["filters"] and rsi_bb["context"]


def test_a_bot_declares_a_strategy_and_everything_works_for_it(api, other):
    answer = api.post("strategies/", GRID)
    assert answer.status_code == 201 and answer.json()["replayable"] is False
    assert answer.json() in api.get("strategies/").json()
    told = api.get("parameters/grid@eth/").json()
    assert told["values"] == {"levels": 8, "spacing": 25.0, "side": "both", "hedge": False}
    made = change(api, {"levels": 12, "hedge": True}, strategy="grid@eth").json()
    assert (made["version"], made["values"]["levels"]) == (2, 12)
    assert list(change(api, {"levels": 99}, strategy="grid").json()) == ["levels"]
    sent = payload(strategy="grid@eth", parameter_set=2, context={"inventory": 3, "mine": 1})
    assert api.post("trades/", sent).status_code == 201
    (trade,) = api.get("trades/?strategy=grid@eth&version=2").json()["trades"]
    assert (trade["strategy"], trade["context"]) == ("grid@eth", {"inventory": 3, "mine": 1})
    for by in ("", "&by=feature:inventory", "&by=param:levels", "&by=version"):
        found = api.get(f"performance/?strategy=grid@eth{by}").json()
        assert (found[0] if by else found)["trades"] == 1
    minute = MONDAY_SECONDS
    for path, row in (
        ("evaluations/", {"from": minute, "to": minute + 60, "evaluations": 1, "signals": 0}),
        ("bricks/", {"bricks": []}),
    ):
        row |= {"strategy": "grid@eth", "market": "M"}
        assert api.post(path, row).status_code in (200, 201)
    assert other.post("trades/", sent).status_code == 400
    assert other.get("parameters/grid@eth/").status_code == 404


def test_declared_again_a_strategy_is_replaced_and_old_sets_are_completed(api):
    api.post("strategies/", GRID)
    change(api, {"levels": 12}, strategy="grid")
    more = {"name": "depth", "type": "integer", "default": 3, "low": 1, "high": 9}
    api.post("strategies/", GRID | {"parameters": [*GRID["parameters"], more]})
    assert (
        api.get("parameters/grid/").json()["values"] | {"levels": 12, "depth": 3}
        == (api.get("parameters/grid/").json()["values"])
    )

"""Changes over HTTP: late ones, frozen ones, and what came of them."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from tests.trading.parameters.test_outcomes import results
from tests.trading.story import MONDAY, NOW, WEDNESDAY_NOON, two_sets
from trading import clock, ingest
from trading.models import StrategyInstance
from trading.parameters import history
from trading.parameters.freeze import freeze


@pytest.fixture
def told(api):
    """Two sets, with 16 trades under the first and 40 under the second."""
    with clock.at(NOW):
        two_sets(api.bot)
        ingest.store_trades(
            api.bot, results(0, 2, 8, [1, -2], "a") + results(3, 5, 8, [1, 0.5], "b")
        )
        yield api


def change(api, version, values=None, path="parameters/rsi_bb/"):
    return api.post(path, {"values": values or {}, "reason": "x", "version": version})


@pytest.mark.parametrize("path", ["parameters/rsi_bb/", "parameters/rsi_bb/rollback/"])
def test_a_change_by_an_older_version_is_409_with_what_became_different(told, path):
    body = {"reason": "x", "version": 1}
    body |= {"to": 1} if "rollback" in path else {"values": {}}
    answer = told.post(path, body)
    assert answer.status_code == 409
    found = answer.json()
    assert "Version 2 (admin) went live since you saw version 1" in found.pop("detail")
    assert found == {
        "version": 2,
        "reason": "Hold a little longer",
        "difference": [{"parameter_name": "max_hold_minutes", "old_value": 3.0, "new_value": 5.0}],
    }
    assert told.get("parameters/rsi_bb/").json()["version"] == 2
    assert told.post(path, body | {"version": 2}).status_code == 201
    assert told.post(path, body | {"version": None}).status_code == 201, "as before"


def test_what_a_change_leaves_out_stays_as_it_is_live(told):
    first = change(told, 2, {"take_profit_bps": 80, "rsi_period": 9}).json()
    second = change(told, first["version"], {"rsi_period": 12})
    assert second.status_code == 201
    assert second.json()["values"] == first["values"] | {"rsi_period": 12}
    wrong = change(told, 4, {"rsi_period": 0, "nothing": 1})
    assert (wrong.status_code, wrong.json().keys()) == (400, {"rsi_period", "nothing"})


@pytest.mark.parametrize("version", [99, 0, -1, 2**31, 10**30])
def test_a_version_that_never_was_is_a_bad_request(told, version):
    answer = change(told, version)
    assert answer.status_code == 400
    assert answer.json().keys() == {"version"}


@pytest.mark.parametrize("version", ["2", 2.5, True, [2]])
def test_a_version_is_a_whole_number(told, version):
    assert change(told, version).status_code == 400


def test_frozen_nothing_changes_and_the_answer_says_why(told):
    before = told.get("parameters/")
    freeze(bot=told.bot, frozen=True, reason="The exchange is down")
    for path, body in (
        ("parameters/rsi_bb/", {"values": {}, "reason": "x"}),
        ("parameters/rsi_bb/rollback/", {"to": 1, "reason": "x"}),
    ):
        answer = told.post(path, body)
        assert answer.status_code == 409
        assert (
            "are frozen since 2025-03-13 00:00 UTC: The exchange is down"
            in (answer.json()["detail"])
        )
    after = told.get("parameters/", HTTP_IF_NONE_MATCH=before["ETag"])
    assert after.status_code == 304, "status and size are as they were"
    freeze(bot=told.bot, frozen=False, reason="It is back")
    assert change(told, 2).status_code == 201


def test_a_change_leaves_status_and_size_as_they_are(told):
    StrategyInstance.objects.update(size=0.25, status="degraded")
    made = change(told, 2, {"rsi_period": 9}).json()
    assert (made["version"], made["size"], made["status"]) == (3, 0.25, "degraded")


def test_the_history_says_what_each_change_did(told):
    rows = told.get("parameters/history/?strategy=rsi_bb&parameter=max_hold_minutes").json()
    assert rows[0] == {
        "strategy": "rsi_bb",
        "parameter_name": "max_hold_minutes",
        "old_value": 3.0,
        "new_value": 5.0,
        "changed_at": clock.to_text(WEDNESDAY_NOON),
        "changed_by": "admin",
        "reason": "Hold a little longer",
        "version": 2,
        "performance_before": -0.5,
        "performance_after": 0.75,
        "trades_before": 16,
        "trades_after": 40,
    }
    first = rows[1]
    assert (first["old_value"], first["performance_before"], first["trades_before"]) == (
        None,
        None,
        None,
    )
    paper = told.get("parameters/history/?parameter=max_hold_minutes&mode=paper").json()
    assert (paper[0]["trades_after"], paper[0]["performance_after"]) == (0, None)
    early = told.get(f"parameters/history/?as_of={clock.to_text(MONDAY)}").json()
    assert {row["version"] for row in early} == {1}


def test_the_history_of_a_parameter_that_there_is_not_is_refused(told):
    answer = told.get("parameters/history/?strategy=rsi_bb&parameter=rsi_perod")
    (text,) = answer.json()["parameter"]
    assert answer.status_code == 400
    assert text.startswith("there is no such parameter (there are ") and "bb_std" in text
    assert text.endswith("; did you mean rsi_period?")
    csv_too = told.get("parameters/history/?parameter=nothing_like_it&format=csv")
    assert csv_too.status_code == 400 and "did you mean" not in csv_too.json()["parameter"][0]
    none_yet = f"as_of={clock.to_text(MONDAY - timedelta(days=300))}"
    known = told.get(f"parameters/history/?parameter=rsi_period&{none_yet}")
    assert (known.status_code, known.json()) == (200, [])


def test_the_history_as_csv_is_the_same_table(told):
    answer = told.get("parameters/history/?format=csv")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = answer.content.decode()
    read = list(csv.DictReader(StringIO(text, newline="")))
    rows = told.get("parameters/history/?format=json").json()
    assert len(read) == len(rows) and tuple(read[0]) == history.COLUMNS
    for name in ("changed_at", "reason", "version", "trades_after", "performance_after"):
        said = [("" if row[name] is None else str(row[name])) for row in rows]
        assert [row[name] for row in read] == said
    bad = told.get("parameters/history/?format=xml")
    assert (bad.status_code, bad.json().keys()) == (400, {"format"})


def test_after_every_way_to_change_the_bot_sees_it_at_its_next_poll(told):
    tag = told.get("parameters/rsi_bb/")["ETag"]
    for path, body in (
        ("parameters/rsi_bb/", {"values": {"rsi_period": 9}, "reason": "x"}),
        ("parameters/rsi_bb/rollback/", {"to": 1, "reason": "x"}),
        ("parameters/rsi_bb/rollback/", {"to": 1, "reason": "x"}),
    ):
        made = told.post(path, body)
        polled = told.get("parameters/rsi_bb/", HTTP_IF_NONE_MATCH=tag)
        assert (polled.status_code, polled["ETag"]) == (200, made["ETag"])
        assert polled.json() == made.json()
        beat = told.post("heartbeat/", {}).json()
        assert beat["parameters_etag"] == told.get("parameters/")["ETag"]
        tag = polled["ETag"]


def test_by_parameter_the_api_says_what_the_command_says(told):
    found = told.get("performance/?strategy=rsi_bb&by=param:max_hold_minutes").json()
    out = StringIO()
    call_command(
        "query_pnl", "--bot", "Mara", "--by", "param:max_hold_minutes", "--json", stdout=out
    )
    assert json.loads(out.getvalue()) == found and [group["key"] for group in found] == ["3", "5"]

"""Experiments as tools start, read and end them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from tests.trading.story import MONDAY, payload
from trading import clock
from trading.models import Experiment, ParameterSet

from .conftest import Scope
from .test_description import complaints, document, operations

__all__ = ["document"]

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NEW = {
    "strategy": "rsi_bb",
    "name": "stop_6",
    "reason": "Room for the stop",
    "seed": 7,
    "arms": [{"name": "B", "values": {"stop_loss_bps": 6.0}}],
}


@pytest.fixture
def experiment(api):
    with clock.at(MONDAY):
        return api.post("experiments/", NEW | {"max_trades": 40}).json()


def test_an_experiment_starts_with_one_request_and_the_bot_is_told_its_arms(api, experiment):
    assert (experiment["status"], experiment["design"]) == ("active", "ab")
    arms = [(arm["name"], arm["version"]) for arm in experiment["arms"]]
    assert arms == [("control", 2), ("B", 3)]
    told = set()
    for hour in range(8):
        with clock.at(MONDAY + hour * HOUR):
            found = api.get("parameters/rsi_bb/").json()
        told.add((found["arm"], found["version"], found["values"]["stop_loss_bps"]))
        assert found["experiment"] == "stop_6"
        assert found["valid_until"] == clock.to_text(MONDAY + (hour + 1) * HOUR)
    assert told == {("control", 2, 4.0), ("B", 3, 6.0)}


def test_304_is_answered_until_the_turn_changes(api, experiment):
    codes = []
    for minutes in (0, 30, 119, 121):
        with clock.at(MONDAY + timedelta(minutes=minutes)):
            tag = api.get("parameters/rsi_bb/")["ETag"]
            codes.append(api.get("parameters/rsi_bb/", HTTP_IF_NONE_MATCH=tag).status_code)
    assert codes == [304] * 4
    with clock.at(MONDAY):
        first = api.get("parameters/rsi_bb/")["ETag"]
    with clock.at(MONDAY + HOUR):
        assert api.get("parameters/rsi_bb/", HTTP_IF_NONE_MATCH=first).status_code == 200


def test_heartbeat_and_recovery_tell_the_same_as_parameters(api, experiment):
    with clock.at(MONDAY + 1.5 * HOUR):
        one = api.get("parameters/rsi_bb/").json()
        every = api.get("parameters/")
        assert every.json() == [one]
        assert api.post("heartbeat/", {}).json()["parameters_etag"] == every["ETag"]
        assert api.get("state/").json()["parameters"] == [one]


@pytest.mark.django_db(transaction=True)
def test_recovery_reads_in_one_moment_and_writes_nothing(api):
    with clock.at(MONDAY):
        api.post("experiments/", NEW)
        found = api.get("state/")
    assert found.status_code == 200 and found.json()["parameters"][0]["experiment"] == "stop_6"


def test_results_are_read_with_what_can_be_said(api, experiment):
    with clock.at(MONDAY + 48 * HOUR):
        api.post(
            "trades/",
            [
                payload(
                    id=f"t{at}",
                    parameter_set=2 + at % 2,
                    exit_price=100 + at % 5,
                    entry_time=(MONDAY + at * HOUR).isoformat(),
                    exit_time=(MONDAY + at * HOUR + HOUR / 4).isoformat(),
                )
                for at in range(30)
            ],
        )
        found = api.get(f"experiments/{experiment['id']}/").json()
        early = api.get(f"experiments/{experiment['id']}/?as_of=2025-03-03T10:00:00Z").json()
    control, arm = found["arms"]
    assert found["trades"] == 30 and control["metrics"]["trades"] == 15
    assert control["verdict"] is None and arm["verdict"] == "cannot tell"
    assert arm["sentence"].startswith("No result yet: 15 and 15 trades")
    assert arm["difference"]["low"] < arm["difference"]["avg_pnl_pct"] < arm["difference"]["high"]
    assert control["served_seconds"] + arm["served_seconds"] == 48 * 3600
    assert early["trades"] == 10 and early["arms"][1]["served_seconds"] <= 10 * 3600


def test_the_blocks_in_which_the_bot_asked_are_listed(api, experiment):
    for hour in (0, 5):
        with clock.at(MONDAY + hour * HOUR):
            api.get("parameters/rsi_bb/")
    with clock.at(MONDAY + 6 * HOUR):
        found = api.get(f"experiments/{experiment['id']}/").json()
    assert [one["number"] for one in found["blocks"]] == [0, 5]
    assert sum(arm["blocks_asked"] for arm in found["arms"]) == 2
    assert sum(arm["blocks"] for arm in found["arms"]) == 6


def test_a_list_is_filtered_and_shows_no_other_bots_experiments(api, other, experiment):
    assert [one["name"] for one in api.get("experiments/").json()["experiments"]] == ["stop_6"]
    assert api.get("experiments/?status=completed").json() == {"experiments": []}
    assert api.get("experiments/?strategy=breakout").json() == {"experiments": []}
    assert other.get("experiments/").json() == {"experiments": []}
    assert other.get(f"experiments/{experiment['id']}/").status_code == 404


def test_a_table_has_a_row_per_arm_and_runs_no_formula(api):
    given = NEW | {"name": "=1+1", "arms": [{"name": "-B", "values": {"rsi_period": 9}}]}
    with clock.at(MONDAY):
        made = api.post("experiments/", given).json()
        for path in ("experiments/?format=csv", f"experiments/{made['id']}/?format=csv"):
            rows = list(csv.DictReader(io.StringIO(api.get(path).content.decode())))
            assert [row["arm"] for row in rows] == ["control", "'-B"]
            assert {row["experiment"] for row in rows} == {"'=1+1"}


def test_a_plan_is_started_later(api):
    with clock.at(MONDAY):
        made = api.post("experiments/", NEW | {"start": False}).json()
        assert (made["status"], made["arms"][0]["version"]) == ("planned", None)
        assert api.get("parameters/rsi_bb/").json()["experiment"] is None
        started = api.post(f"experiments/{made['id']}/start/", {}).json()
        assert (started["status"], started["started_at"]) == ("active", clock.to_text(MONDAY))
        assert api.post(f"experiments/{made['id']}/start/", {}).status_code == 409


def test_it_is_stopped_promoted_and_kept_with_a_reason(api, experiment):
    place = f"experiments/{experiment['id']}"
    assert api.post(f"{place}/stop/", {"reason": ""}).status_code == 400
    stopped = api.post(f"{place}/stop/", {"reason": "Outage"}).json()
    assert (stopped["status"], stopped["end_reason"]) == ("stopped", "Outage")
    assert stopped["ended_by"].startswith("token ")
    assert api.post(f"{place}/stop/", {"reason": "Outage"}).status_code == 409
    unknown = api.post(f"{place}/promote/", {"arm": "C", "reason": "Yes"})
    assert unknown.json() == {"arm": ["there is no such arm (there are control, B)"]}
    promoted = api.post(f"{place}/promote/", {"arm": "B", "reason": "Better"}).json()
    assert (promoted["decision"], promoted["promoted"]) == ("promoted", 4)
    assert api.get("parameters/rsi_bb/").json()["values"]["stop_loss_bps"] == 6.0
    again = api.post(f"{place}/keep/", {"reason": "No"})
    assert again.status_code == 409 and "was decided" in again.json()["detail"]


def test_the_history_of_parameters_names_the_experiment_that_changed_them(api, experiment):
    api.post(f"experiments/{experiment['id']}/promote/", {"arm": "B", "reason": "Better"})
    row = api.get("parameters/history/?parameter=stop_loss_bps").json()[0]
    assert (row["old_value"], row["new_value"], row["version"]) == (4.0, 6.0, 4)
    assert row["reason"] == "B of the experiment stop_6: Better"


def test_parameters_are_left_alone_while_it_runs(api, experiment):
    change = api.post("parameters/rsi_bb/", {"values": {"rsi_period": 9}, "reason": "No"})
    assert change.status_code == 409
    assert "runs the experiment stop_6" in change.json()["detail"]
    back = api.post("parameters/rsi_bb/rollback/", {"to": 1, "reason": "No"})
    assert back.status_code == 409


def test_a_second_one_at_a_time_is_refused_and_not_kept(api, experiment):
    second = api.post("experiments/", NEW | {"name": "other"})
    assert second.status_code == 409 and "one at a time" in second.json()["detail"]
    assert Experiment.objects.count() == 1 and ParameterSet.objects.count() == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"reason": ""}, "reason"),
        ({"arms": []}, "arms"),
        ({"arms": [{"name": "B"}]}, "arms"),
        ({"arms": [{"name": "B", "values": {}, "version": 1}]}, "arms"),
        ({"arms": [{"name": "B", "values": {"stop_loss_bps": -1}}]}, "stop_loss_bps"),
        ({"arms": [{"name": "B", "value": {}}]}, "arms"),
        ({"arms": "B"}, "arms"),
        ({"shares": [1]}, "shares"),
        ({"shares": [0, 1]}, "shares"),
        ({"design": "abc"}, "design"),
        ({"max_days": 0}, "max_days"),
        ({"max_days": 1e300}, "max_days"),
        ({"max_trades": True}, "max_trades"),
        ({"block_seconds": 1}, "block_seconds"),
        ({"seed": -1}, "seed"),
        ({"notes": "a\x00b"}, "notes"),
        ({"strateg": "x"}, "strateg"),
    ],
)
def test_bad_input_is_told_by_field_and_stores_nothing(api, change, field):
    answer = api.post("experiments/", NEW | change)
    assert answer.status_code == 400 and list(answer.json()) == [field]
    assert not Experiment.objects.exists()


def test_an_unknown_strategy_is_no_place_for_an_experiment(api):
    assert api.post("experiments/", NEW | {"strategy": "nothing"}).status_code == 404


@pytest.mark.parametrize("step", ["", "start/", "stop/", "promote/", "keep/"])
def test_only_a_token_that_operates_starts_and_ends(api, experiment, step):
    place = f"experiments/{experiment['id']}/{step}" if step else "experiments/"
    for scope in (Scope.READ, Scope.BOT):
        assert api.as_(scope).post(place, NEW).status_code == 403
    assert api.as_(Scope.READ).get("experiments/").status_code == 200
    assert api.post("experiments/999/stop/", {"reason": "No"}).status_code == 404


def test_a_plan_by_version_takes_its_values(api):
    with clock.at(MONDAY):
        api.get("parameters/rsi_bb/")
        api.post("parameters/rsi_bb/", {"values": {"rsi_period": 9}, "reason": "Faster"})
        made = api.post("experiments/", NEW | {"arms": [{"name": "B", "version": 1}]}).json()
    assert made["arms"][1]["values"]["rsi_period"] == 14
    assert made["arms"][0]["values"]["rsi_period"] == 9


def test_examples_are_accepted_and_answers_are_as_described(api, document):
    found = {
        (path.removeprefix("/api/v1/"), method): operation
        for path, method, operation in operations(document)
        if "experiments" in path
    }
    made = api.post("experiments/", example(found["experiments/", "post"]) | {"start": False})
    assert complaints(document, found["experiments/", "post"], made) == []
    for step in ("start", "stop", "promote", "keep"):
        operation = found[f"experiments/{{experiment}}/{step}/", "post"]
        answer = api.post(f"experiments/{made.json()['id']}/{step}/", example(operation))
        assert complaints(document, operation, answer) == [], step
    for place, path in (("", ""), ("{experiment}/", f"{made.json()['id']}/")):
        operation = found[f"experiments/{place}", "get"]
        assert complaints(document, operation, api.get(f"experiments/{path}")) == []


def example(operation):
    return operation["requestBody"]["content"]["application/json"]["example"]

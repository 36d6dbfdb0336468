"""Reports and recommendations over the API: what they answer, refuse and do."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from analytics.models import Recommendation
from tests.analytics.sample_reports import WEDNESDAY, idle, report
from tests.trading.api.conftest import Api
from tests.trading.story import make_bot
from trading.api.schema import encoded
from trading.models import LiveSet

pytestmark = pytest.mark.django_db
DATE = WEDNESDAY.isoformat()


@pytest.fixture
def instance(api):
    return idle(bot=api.bot)


@pytest.fixture
def one(api, instance) -> Recommendation:
    found = report(api.bot)
    return Recommendation.objects.get(
        pk=next(e["id"] for e in found.recommendations if e["changes"])
    )


@pytest.fixture
def operate(api):
    return Api(api.bot, "operate")


def described(path: str, method: str, answer, code: str = "200") -> None:
    """The answer is as the description says."""
    document = json.loads(encoded())
    shape = document["paths"][path][method]["responses"][code]["content"]["application/json"]
    check = Draft202012Validator({**shape["schema"], "components": document["components"]})
    assert [error.message for error in check.iter_errors(answer.json())] == []


def test_a_report_is_listed_and_read_as_it_was_written(api, one):
    [brief] = api.get("reports/").json()["reports"]
    assert (brief["date"], brief["kind"], brief["complete"]) == (DATE, "day", True)
    found = api.get(f"reports/{DATE}/")
    described("/api/v1/reports/{day}/", "get", found)
    described("/api/v1/reports/", "get", api.get("reports/"))
    body = found.json()
    assert body["data"]["strategies"][0]["funnel"]["replayed"]["trades"] == 0
    assert body["recommendations"][0]["id"] == one.pk
    assert brief["head"][0]["text"] == body["data"]["head"][0]["text"]


def test_reports_are_of_the_bot_alone(api, one):
    other = Api(make_bot("Theo"))
    assert other.get("reports/").json() == {"reports": []}
    assert other.get(f"reports/{DATE}/").status_code == 404
    assert other.get("recommendations/").json() == {"recommendations": []}


@pytest.mark.parametrize(
    "path, code",
    [
        ("reports/2025-02-30/", 400),
        ("reports/2025-03-04/", 404),
        ("reports/?kind=year", 400),
        ("reports/?before=yesterday", 400),
        (f"reports/?before={DATE}", 200),
        (f"reports/{DATE}/?kind=week", 404),
        ("recommendations/?state=open", 200),
        ("recommendations/?state=lost", 400),
        ("recommendations/?strategy=none", 400),
    ],
)
def test_what_is_asked_wrongly_is_refused(api, one, path, code):
    assert api.get(path).status_code == code


def test_accepting_makes_the_values_live(api, operate, one):
    [listed] = [
        each
        for each in api.get("recommendations/?strategy=rsi_bb").json()["recommendations"]
        if each["id"] == one.pk
    ]
    assert listed["state"] == "open" and listed["changes"] == one.changes
    answer = operate.ask("POST", f"recommendations/{one.pk}/accept/", {"reason": "Try it"})
    assert answer.status_code == 200
    described("/api/v1/recommendations/{recommendation}/accept/", "post", answer)
    assert answer.json()["state"] == "accepted"
    assert answer.json()["decided_by"].startswith("token ")
    [(name, (_, new))] = one.changes.items()
    live = LiveSet.objects.get(strategy_instance=one.instance).parameter_set
    assert live.values[name] == new
    again = operate.ask("POST", f"recommendations/{one.pk}/accept/", {"reason": "Try it"})
    assert again.status_code == 409
    described("/api/v1/recommendations/{recommendation}/accept/", "post", again, "409")


def test_accepting_as_an_experiment_plans_one(operate, one):
    answer = operate.ask(
        "POST", f"recommendations/{one.pk}/accept/", {"reason": "Try it", "how": "experiment"}
    )
    assert answer.status_code == 200
    assert one.instance.experiments.get().status == "planned"


def test_dismissing_asks_why(operate, one):
    path = f"recommendations/{one.pk}/dismiss/"
    assert operate.ask("POST", path, {"reason": " "}).status_code == 400
    assert operate.ask("POST", path, {}).status_code == 400
    wrong = operate.ask("POST", f"recommendations/{one.pk}/accept/", {"reason": "x", "how": "no"})
    assert wrong.status_code == 400 and "how" in wrong.json()
    answer = operate.ask("POST", path, {"reason": "It was tried"})
    assert answer.json()["state"] == "dismissed"
    assert operate.ask("POST", "recommendations/999/dismiss/", {"reason": "x"}).status_code == 404

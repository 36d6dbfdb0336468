"""Alerts over the API: what the pages show, and steps for tools."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from analytics.models import Alert
from analytics.monitoring.alerts import REGISTRY, lifecycle
from analytics.monitoring.alerts.base import Finding
from analytics.monitoring.alerts.configured import ConfiguredRule
from analytics.monitoring.alerts.lifecycle import Place
from tests.trading.api.conftest import Api, Scope
from tests.trading.story import MONDAY, make_bot
from trading.parameters import instance_for

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def other(db):
    return Api(make_bot("Theo"))


@pytest.fixture
def alerts(api):
    """Four alerts, an hour apart: of the bot, then of its strategies; the second is over."""
    rsi, renko = (instance_for(api.bot, name).pk for name in ("rsi_bb", "renko_ao"))
    places = (
        ("silent", Place(api.bot.pk)),
        ("drawdown", Place(api.bot.pk, rsi, "live")),
        ("win_rate", Place(api.bot.pk, rsi, "paper")),
        ("drawdown", Place(api.bot.pk, renko, "live")),
    )
    for hour, (kind, place) in enumerate(places):
        rule = REGISTRY[kind]
        configured = ConfiguredRule(rule, True, "warning", rule.defaults())
        finding = Finding(f"{kind} happened.", "Look.", {"n": hour}, grave=hour == 3)
        lifecycle.judge(configured, place, finding, MONDAY + hour * HOUR)
        if hour == 1:
            lifecycle.resolve(Alert.objects.get(kind="drawdown"), note="Known")
    return list(Alert.objects.order_by("opened_at"))


def kinds(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["kind"] for one in answer.json()["alerts"]]


def test_alerts_are_listed_newest_first_and_filtered(api, alerts):
    assert kinds(api.get("alerts/")) == ["drawdown", "win_rate", "drawdown", "silent"]
    assert kinds(api.get("alerts/?state=active")) == ["drawdown", "win_rate", "silent"]
    assert kinds(api.get("alerts/?state=resolved")) == ["drawdown"]
    assert kinds(api.get("alerts/?strategy=rsi_bb")) == ["win_rate", "drawdown"]
    assert kinds(api.get("alerts/?severity=critical")) == ["drawdown"]
    assert kinds(api.get("alerts/?kind=silent")) == ["silent"]
    assert kinds(api.get("alerts/?mode=paper")) == ["win_rate"]
    assert kinds(api.get("alerts/?since=2025-03-03T01:00:00Z&until=2025-03-03T03:00:00Z")) == [
        "win_rate",
        "drawdown",
    ]


def test_pages_follow_each_other(api, alerts):
    first = api.get("alerts/?limit=3").json()
    second = api.get(f"alerts/?limit=3&cursor={first['next']}").json()
    assert len(first["alerts"]) == 3 and second["next"] is None
    assert [one["id"] for one in first["alerts"] + second["alerts"]] == [
        one.pk for one in reversed(alerts)
    ]


def test_an_alert_has_its_numbers_and_its_history(api, alerts):
    found = api.get(f"alerts/{alerts[1].pk}/").json()
    assert (found["strategy"], found["state"]) == ("rsi_bb", "resolved")
    assert found["evidence"] == {"n": 1}
    assert found["opened_at"] == "2025-03-03T01:00:00.000000Z"
    assert [(one["type"], one["note"]) for one in found["events"]] == [
        ("opened", ""),
        ("resolved", "Known"),
    ]


def test_a_tool_may_take_note_snooze_and_resolve(api, alerts):
    place = f"alerts/{alerts[0].pk}"
    assert api.post(f"{place}/acknowledge/", {"note": "On it"}).json()["state"] == "acknowledged"
    assert api.post(f"{place}/acknowledge/", {}).status_code == 409
    snoozed = api.post(f"{place}/snooze/", {"until": "2100-01-01T00:00:00Z"}).json()
    assert snoozed["snoozed_until"] == "2100-01-01T00:00:00.000000Z"
    assert api.post(f"{place}/snooze/", {"until": "2001-01-01T00:00:00Z"}).status_code == 409
    assert api.post(f"{place}/resolve/", {}).json()["state"] == "resolved"
    assert "resolved" in api.post(f"{place}/resolve/", {}).json()["detail"]


@pytest.mark.parametrize("scope", [Scope.BOT, Scope.READ])
def test_steps_need_the_scope_operate(api, alerts, scope):
    caller = api.as_(scope)
    for step in ("acknowledge", "snooze", "resolve"):
        assert caller.post(f"alerts/{alerts[0].pk}/{step}/", {}).status_code == 403
    assert caller.get("alerts/").status_code == 200


def test_another_bot_s_alerts_are_not_there(other, alerts):
    assert kinds(other.get("alerts/")) == []
    assert other.get(f"alerts/{alerts[0].pk}/").status_code == 404
    assert other.post(f"alerts/{alerts[0].pk}/resolve/", {}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "alerts/?state=wild",
        "alerts/?severity=9",
        "alerts/?limit=0",
        "alerts/?cursor=x",
        "alerts/?strategy=nope",
        "alerts/?since=now",
        "alerts/?color=red",
        "alerts/?mode=both",
        "alerts/?kind=AAA",
    ],
)
def test_a_question_that_makes_no_sense_is_400(api, path):
    assert api.get(path).status_code == 400


@pytest.mark.parametrize("key", ["0", "9" * 18, "9" * 30, "x", "-1"])
def test_an_alert_that_cannot_be_is_404(api, key):
    assert api.get(f"alerts/{key}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"until": "2100-01-01T00:00:00Z", "note": "x" * 501},
        {"until": True},
        {"until": "later"},
        {"until": "2100-01-01T00:00:00Z", "who": "me"},
        [],
        {"until": 4e12},
        {"until": "2100-01-01T00:00:00Z", "note": "a\x00b"},
        {},
    ],
)
def test_a_step_that_is_not_understood_is_400(api, alerts, body):
    assert api.post(f"alerts/{alerts[0].pk}/snooze/", body).status_code == 400
    assert Alert.objects.get(pk=alerts[0].pk).state == "open"


def test_answers_are_what_the_description_says(api, alerts):
    from trading.api.schema import encoded

    document = json.loads(encoded())
    place = "/api/v1/alerts/{alert}/"
    asked = {
        ("get", "/api/v1/alerts/"): api.get("alerts/"),
        ("get", place): api.get(f"alerts/{alerts[0].pk}/"),
    }
    for number, step in enumerate(("acknowledge", "snooze", "resolve")):
        described = document["paths"][f"{place}{step}/"]["post"]
        example = described["requestBody"]["content"]["application/json"]["example"]
        key = alerts[(0, 2, 3)[number]].pk
        asked["post", f"{place}{step}/"] = api.post(f"alerts/{key}/{step}/", example)
    for (method, path), answer in asked.items():
        assert answer.status_code == 200, (path, answer.content)
        responses = document["paths"][path][method]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        found = Draft202012Validator({**schema, "components": document["components"]})
        assert [error.message for error in found.iter_errors(answer.json())] == [], path

"""Who may do what: tokens, scopes, other bots' data, and how often."""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.trading.story import payload
from trading import clock
from trading.api import authentication, throttling
from trading.bots import tokens
from trading.models import Bot, BotToken

MINUTE = 1741000020
SOUND = {
    ("GET", "trades/"): None,
    ("POST", "trades/"): [],
    ("GET", "positions/"): None,
    ("PUT", "positions/"): {
        "strategy": "rsi_bb",
        "market": "M",
        "side": "long",
        "entry_price": 1,
        "size": 1,
        "entry_time": MINUTE,
        "as_of": MINUTE,
    },
    ("DELETE", "positions/?strategy=rsi_bb&market=M"): None,
    ("GET", "candles/?market=M&interval=60"): None,
    ("POST", "candles/"): {"market": "M", "interval": 60, "candles": []},
    ("GET", "bricks/?strategy=rsi_bb&market=M"): None,
    ("POST", "bricks/"): {"strategy": "rsi_bb", "market": "M", "bricks": []},
    ("GET", "state/"): None,
    ("PUT", "state/k/"): {"value": 1, "as_of": MINUTE},
    ("GET", "state/k/"): None,
    ("GET", "parameters/"): None,
    ("GET", "parameters/rsi_bb/"): None,
    ("POST", "parameters/rsi_bb/"): {"values": {}, "reason": "why"},
    ("POST", "parameters/rsi_bb/rollback/"): {"to": 1, "reason": "why"},
    ("GET", "parameters/history/"): None,
    ("GET", "strategies/"): None,
    ("POST", "strategies/"): {"key": "grid", "parameters": []},
    ("POST", "evaluations/"): [],
    ("POST", "heartbeat/"): {},
    ("GET", "performance/"): None,
    ("GET", "alerts/"): None,
    ("GET", "alerts/1/"): None,
    ("POST", "alerts/1/acknowledge/"): {"note": "seen"},
    ("POST", "alerts/1/snooze/"): {"until": MINUTE},
    ("POST", "alerts/1/resolve/"): {"note": "done"},
    ("GET", "runs/"): None,
    ("GET", "runs/999/"): None,
    ("GET", "reports/"): None,
    ("GET", "reports/2025-03-03/"): None,
    ("GET", "recommendations/"): None,
    ("POST", "recommendations/999/accept/"): {"reason": "why"},
    ("POST", "recommendations/999/dismiss/"): {"reason": "why"},
    ("GET", "experiments/"): None,
    ("POST", "experiments/"): {
        "strategy": "rsi_bb",
        "name": "x",
        "reason": "why",
        "arms": [{"name": "B", "values": {"rsi_period": 9}}],
    },
    ("GET", "experiments/999/"): None,
    ("POST", "experiments/999/start/"): {},
    ("POST", "experiments/999/stop/"): {"reason": "why"},
    ("POST", "experiments/999/promote/"): {"arm": "B", "reason": "why"},
    ("POST", "experiments/999/keep/"): {"reason": "why"},
    ("GET", "clock/"): None,
    ("POST", "clock/"): {"now": MINUTE},
}
OPERATES = {
    "parameters/rsi_bb/",
    "parameters/rsi_bb/rollback/",
    "strategies/",
    "alerts/1/acknowledge/",
    "alerts/1/snooze/",
    "alerts/1/resolve/",
    "experiments/",
    "experiments/999/start/",
    "experiments/999/stop/",
    "experiments/999/promote/",
    "experiments/999/keep/",
    "recommendations/999/accept/",
    "recommendations/999/dismiss/",
}


def allowed(scope: str, method: str, path: str) -> bool:
    if method == "GET":
        return True
    return scope == "operate" or (scope == "bot" and path not in OPERATES)


def test_the_matrix_knows_every_address():
    from trading.api.schema import encoded

    paths = json.loads(encoded())["paths"]
    described = {(method.upper(), path) for path, found in paths.items() for method in found}
    assert len(described) == len(SOUND)


@pytest.mark.parametrize("scope", ["bot", "read", "operate"])
def test_each_scope_may_do_what_the_contract_says(api, scope):
    api.get("parameters/rsi_bb/")
    caller = api.as_(scope)
    for (method, path), sent in SOUND.items():
        answer = caller.ask(method, path, sent)
        if allowed(scope, method, path):
            assert answer.status_code in (200, 201, 404), (method, path)
        else:
            assert answer.status_code == 403, (method, path)
            assert scope in answer.json()["detail"]


@pytest.mark.parametrize(
    ("scope", "path", "needed"),
    [("bot", "parameters/rsi_bb/rollback/", "operate"), ("read", "trades/", "bot")],
)
def test_a_token_of_the_wrong_scope_is_told_the_one_it_needs(api, scope, path, needed):
    api.bot.name = "my bot"
    api.bot.save()
    assert api.as_(scope).post(path, {}).json()["detail"] == (
        f"A token of scope {scope} may not do this; it needs scope {needed}: "
        f"python3 manage.py create_token 'my bot' --scope {needed}"
    )


def test_without_a_usable_token_every_address_is_401(api):
    for (method, path), sent in SOUND.items():
        for header in (
            "",
            "Bearer",
            "Bearer ",
            "Bearer nobody",
            f"Basic {api.secret}",
            api.secret,
            "Bearer " + "x" * 5000,
            "Bearer ümlaut",
            "Bearer \x00",
            f"Bearer {api.secret}x",
            f"Bearer {api.secret[:-1]}",
        ):
            answer = api.ask(method, path, sent, HTTP_AUTHORIZATION=header)
            assert answer.status_code == 401, (method, path, header)
            assert answer["WWW-Authenticate"] == "Bearer"
            assert "detail" in answer.json()


def test_a_bot_reaches_nothing_of_another(api, other):
    for (method, path), sent in SOUND.items():
        if method != "DELETE":
            other.ask(method, path, sent)
    other.post("trades/", payload())
    other.post("candles/", {"market": "M", "interval": 60, "candles": [[MINUTE, 1, 1, 1, 1, 1]]})
    assert api.get("trades/").json()["trades"] == api.get("positions/").json() == []
    assert api.get("state/k/").status_code == 404
    assert api.get("candles/?market=M&interval=60").json()["candles"] == []
    assert api.get("parameters/").json() == api.get("parameters/history/").json() == []
    assert api.get("parameters/grid/").status_code == 404
    assert "grid" not in [one["key"] for one in api.get("strategies/").json()]
    assert api.get("performance/").json()["trades"] == 0
    found = api.get("state/").json()
    assert not any(found[name] for name in found if name != "server_time")
    assert api.raw("DELETE", "positions/?strategy=rsi_bb&market=M").json() == {"deleted": 0}
    assert len(other.get("positions/").json()) == 1


def test_a_revoked_token_is_refused_within_five_seconds(api, monkeypatch):
    assert api.get("positions/").status_code == 200
    tokens.revoke(BotToken.objects.all())
    later = time.monotonic() + 5
    monkeypatch.setattr(authentication, "time", SimpleNamespace(monotonic=lambda: later))
    assert api.get("positions/").status_code == 401
    assert api.get("parameters/").status_code == 401


def test_a_remembered_token_costs_no_query(api, django_assert_num_queries):
    api.get("positions/")
    with django_assert_num_queries(1):
        api.get("positions/")


def test_a_token_expires_at_its_moment_though_it_is_remembered(bot, api):
    token, secret = tokens.issue(bot, "read", clock.now() + timedelta(seconds=60))
    header = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert api.get("positions/", **header).status_code == 200
    with clock.at(token.expires_at - timedelta(seconds=1)):
        assert api.get("positions/", **header).status_code == 200
    with clock.at(token.expires_at):
        assert api.get("positions/", **header).status_code == 401


def test_what_a_deleted_bot_still_sends_is_no_fault_of_the_server(api):
    assert api.get("positions/").status_code == 200
    Bot.objects.all().delete()
    assert api.post("trades/", payload()).status_code == 401
    authentication.forget()
    assert api.post("trades/", payload()).status_code == 401


@pytest.fixture
def three_a_minute(monkeypatch):
    monkeypatch.setattr(throttling.TokenRateThrottle, "THROTTLE_RATES", {"token": "3/min"})


def test_too_many_requests_are_held_back_for_each_token_alone(three_a_minute, api, other):
    assert [api.get("positions/").status_code for _ in range(4)] == [200, 200, 200, 429]
    held = api.post("trades/", payload(), HTTP_X_FORWARDED_FOR="10.0.0.9")
    assert held.status_code == 429
    assert 0 < int(held["Retry-After"]) <= 60
    assert "detail" in held.json()
    assert other.get("positions/").status_code == 200
    assert api.as_("read").get("positions/").status_code == 200


def test_in_simulated_time_nobody_is_held_back(three_a_minute, api, simulated):
    assert {api.get("positions/").status_code for _ in range(9)} == {200}


def test_an_answer_names_the_request_and_the_log_no_secret(api, caplog):
    caplog.set_level(logging.INFO, logger="trading.api")
    answer = api.post(
        "trades/?x=secret-in-query", payload(tag="in-the-body"), HTTP_X_REQUEST_ID="mine-1"
    )
    assert answer["X-Request-Id"] == "mine-1"
    (line,) = [record.getMessage() for record in caplog.records if record.name == "trading.api"]
    assert line.startswith("mine-1 POST /api/v1/trades/ 201")
    assert f"bot={api.bot.pk} token={api.token.prefix}" in line
    for secret in (api.secret, api.secret[10:], "in-the-body", "secret-in-query"):
        assert secret not in caplog.text


def test_a_request_id_that_could_forge_a_line_is_replaced(api, caplog):
    caplog.set_level(logging.INFO, logger="trading.api")
    for given in ("a\nb", "x" * 65, "ü", ""):
        answer = api.get("positions/", HTTP_X_REQUEST_ID=given)
        assert len(answer["X-Request-Id"]) == 16
    assert len({record.getMessage().split()[0] for record in caplog.records}) == 4
    nobody = api.get("positions/", HTTP_AUTHORIZATION="")
    assert nobody["X-Request-Id"] and "bot=- token=-" in caplog.text


def test_no_token_stands_readable_in_the_database(api):
    for row in BotToken.objects.values_list():
        assert api.secret not in map(str, row)

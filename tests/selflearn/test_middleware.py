"""Answers of the API carry the same security headers as pages, errors included."""

from __future__ import annotations

import logging

import pytest
from django.test import Client, override_settings

from tests.trading.story import make_bot
from trading.bots import tokens

SAFE = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
}
PARAMETERS = "/api/v1/parameters/rsi_bb/"
LOGIN = "/admin/login/"


def policies(answer) -> dict[str, set[str]]:
    """The security headers of an answer; the order of a policy's parts means nothing."""
    names = {*SAFE, "Strict-Transport-Security"} & {name for name, _ in answer.items()}
    return {name: set(answer[name].split("; ")) for name in names}


@pytest.fixture
def bearer(db) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {tokens.issue(make_bot(), 'bot')[1]}"}


@pytest.mark.parametrize("path", [PARAMETERS, "/api/v1/nothing/", "/api/v1/trades/?x=1"])
def test_an_answer_of_the_api_is_as_safe_as_a_page(bearer, path):
    client = Client()
    assert policies(client.get(path, **bearer)) == policies(client.get(LOGIN))
    assert policies(client.get(path)).keys() == SAFE


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=60)
def test_where_pages_need_https_the_api_does_too(bearer):
    client = Client()
    plain = client.get(PARAMETERS, **bearer)
    assert (plain.status_code, plain["Location"]) == (301, f"https://testserver{PARAMETERS}")
    secure = client.get(PARAMETERS, secure=True, **bearer)
    assert secure.status_code == 200
    assert (
        secure["Strict-Transport-Security"]
        == client.get(LOGIN, secure=True)["Strict-Transport-Security"]
    )


@override_settings(ALLOWED_HOSTS=["bots.example.org"])
def test_a_host_that_is_not_ours_is_refused_and_logged(bearer, caplog):
    caplog.set_level(logging.INFO, logger="trading.api")
    answer = Client().get(PARAMETERS, HTTP_HOST="evil.example", **bearer)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Bad request."})
    assert policies(answer).keys() == SAFE
    assert f"GET {PARAMETERS} 400" in caplog.text


def test_an_unhandled_error_is_answered_and_logged_like_any_request(bearer, caplog, monkeypatch):
    def broken(bot):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("trading.ingest.heartbeat.seen", broken)
    caplog.set_level(logging.INFO, logger="trading.api")
    answer = Client(raise_request_exception=False).get(PARAMETERS, **bearer)
    assert (answer.status_code, answer.json()) == (
        500,
        {"detail": "Server error; it is in the log."},
    )
    assert policies(answer).keys() == SAFE
    assert "a fault of ours" in caplog.text
    assert f"{answer['X-Request-Id']} GET {PARAMETERS} 500" in caplog.text


def test_cookies_mean_nothing_to_the_api(bearer):
    cookies = f"sessionid={'x' * 32}; csrftoken={'y' * 32}"
    answer = Client().get(PARAMETERS, HTTP_COOKIE=cookies, **bearer)
    assert (answer.status_code, dict(answer.cookies), answer.has_header("Vary")) == (200, {}, False)

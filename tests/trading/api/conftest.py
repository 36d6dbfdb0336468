"""A bot that speaks to the API through Django's whole stack, and forgets nothing between tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.trading.story import make_bot
from trading import clock
from trading.bots import simulated_clock, tokens
from trading.models import Bot, BotToken

Scope = BotToken.Scope


class Api:
    """Requests of one token; ``as_`` is the same bot with another scope."""

    def __init__(self, bot: Bot, scope: str = Scope.OPERATE) -> None:
        self.bot = bot
        self.token, self.secret = tokens.issue(bot, scope)
        # An error of the server is what the tests look for: it must be an answer, not a crash.
        self.client = Client(raise_request_exception=False)

    def as_(self, scope: str) -> Api:
        return Api(self.bot, scope)

    def raw(self, method: str, path: str, body: bytes = b"", **headers: Any):
        """Send these very bytes. ``headers`` are WSGI's: CONTENT_TYPE, HTTP_..."""
        sent = {
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "CONTENT_TYPE": "application/json",
            **headers,
        }
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.generic(method, address, body, **sent)

    def ask(self, method: str, path: str, payload: Any = None, **headers: Any):
        body = b"" if payload is None else json.dumps(payload).encode()
        return self.raw(method, path, body, **headers)

    def get(self, path: str, **headers: Any):
        return self.ask("GET", path, **headers)

    def post(self, path: str, payload: Any, **headers: Any):
        return self.ask("POST", path, payload, **headers)

    def put(self, path: str, payload: Any, **headers: Any):
        return self.ask("PUT", path, payload, **headers)


@pytest.fixture
def bot(db) -> Bot:
    return make_bot()


@pytest.fixture
def api(bot) -> Api:
    return Api(bot)


@pytest.fixture
def other(db) -> Api:
    return Api(make_bot("Theo"))


@pytest.fixture
def simulated(db):
    """Time as SIMULATION=1 has it."""
    clock.simulate(simulated_clock.now)
    yield
    clock.simulate(None)

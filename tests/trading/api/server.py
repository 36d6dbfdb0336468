"""The web server as ``up`` runs it, over the tests' own database: killed, stopped, started again.

It keeps its port, so that clients which only retry find it again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection

from selflearn.management.listener import listen
from trading.bots import tokens
from trading.models import Bot, BotToken

ROOT = Path(__file__).resolve().parents[3]
START_LIMIT = 60
RETRY_LIMIT = 120
AWAY = 503


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Any
    json: Any


NO_ANSWER = Answer(0, {}, None)


class Client:
    """Speaks to the server with one token. Threads may share it: each has its own connection."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._mine = threading.local()

    def ask(self, method: str, path: str, payload: Any = None, **headers: str) -> Answer:
        """One request. Raises OSError or HTTPException where the server did not answer."""
        headers = {"Authorization": f"Bearer {self._token}", **headers}
        body = None
        if payload is not None:
            body = json.dumps(payload).encode()
            headers["Content-Type"] = "application/json"
        connected = self._connection()
        try:
            connected.request(method, f"/api/v1/{path}", body, headers)
            found = connected.getresponse()
            content = found.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise
        sent_json = found.headers.get("Content-Type") == "application/json"
        return Answer(found.status, found.headers, json.loads(content) if sent_json else content)

    def insist(
        self, method: str, path: str, payload: Any = None, heard: Callable = lambda answer: None
    ) -> Answer:
        """Ask until there is an answer that is not 503; ``heard`` is told all, status 0 is none."""
        deadline = time.monotonic() + RETRY_LIMIT
        while time.monotonic() < deadline:
            try:
                found = self.ask(method, path, payload)
            except (OSError, http.client.HTTPException):
                found = NO_ANSWER
            heard(found)
            if found.status not in (AWAY, NO_ANSWER.status):
                return found
            time.sleep(0.05)  # a client that lost its server does not hammer it
        raise AssertionError(f"no answer to {method} {path} within {RETRY_LIMIT} s")

    def hang_up(self) -> None:
        """Close this thread's connection: the next request may reach another process."""
        connected = getattr(self._mine, "connection", None)
        if connected:
            connected.close()
            self._mine.connection = None

    def _connection(self) -> http.client.HTTPConnection:
        if getattr(self._mine, "connection", None) is None:
            self._mine.connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=RETRY_LIMIT
            )
        return self._mine.connection


@dataclass
class Server:
    """Gunicorn and its processes, in a group of their own."""

    data: Path
    database: str
    processes: int = 2
    port: int = 0
    process: subprocess.Popen | None = None

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.database,
            "API_RATE": "1000000",
            "DJANGO_SETTINGS_MODULE": "selflearn.settings",
        }

    def start(self) -> None:
        with self._listener() as listener:
            self.port = listener.getsockname()[1]
            number = listener.fileno()
            command = (
                *(sys.executable, "-m", "gunicorn", "--config", "python:selflearn.gunicorn_conf"),
                *("--bind", f"fd://{number}", "--workers", str(self.processes), "selflearn.wsgi"),
            )
            with (self.data / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self.environment(),
                    pass_fds=(number,),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        self._wait()

    def kill(self) -> None:
        """kill -9 of all its processes at once."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Stop it as a deploy does."""
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None

    def workers(self) -> list[int]:
        """The processes that answer."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    @contextlib.contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Let one process alone answer: the others stand still meanwhile."""
        others = [pid for pid in self.workers() if pid != worker]
        try:
            for pid in others:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def client(self, bot: Bot, scope: str = BotToken.Scope.BOT) -> Client:
        return Client(self.port, tokens.issue(bot, scope)[1])

    def log(self) -> str:
        return (self.data / "log").read_text(errors="replace")

    def _listener(self) -> socket.socket:
        """Its port, which processes that were killed just now may still hold. Below those that
        the system gives to clients: one that retries could otherwise reach itself."""
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                return listen("127.0.0.1", self.port or random.randrange(20_000, 32_000))
            except CommandError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        stranger = Client(self.port, "nobody")
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                stranger.ask("GET", "strategies/")
                stranger.hang_up()
                if len(self.workers()) == self.processes:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log()[-4000:]}")


def database_url(port: int | None = None) -> str:
    """The address of the tests' database; ``port`` names another way to reach its server."""
    described = connection.settings_dict
    if settings.SQLITE:
        return f"sqlite:///{described['NAME']}"
    user, password = described["USER"], described["PASSWORD"]
    place = f"127.0.0.1:{port}" if port else "{}:{}".format(*server_address())
    return f"postgres://{user}{':' if password else ''}{password}@{place}/{described['NAME']}"


def server_address() -> tuple[str, int]:
    """Where the PostgreSQL server of the tests listens."""
    described = connection.settings_dict
    return described["HOST"] or "127.0.0.1", int(described["PORT"] or 5432)


@contextlib.contextmanager
def serving(data: Path, url: str | None = None, processes: int = 2) -> Iterator[Server]:
    """A started server; nothing of it is left behind."""
    server = Server(data, url or database_url(), processes)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(name="server", scope="module")
def server_of_the_module(django_db_setup, tmp_path_factory) -> Iterator[Server]:
    """One server for the tests of a module; those need ``transactional_db``."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server

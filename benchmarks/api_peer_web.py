"""The product and its peer behind gunicorn as ``up`` runs it, but one process each, and a client
that keeps its connection."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ground import ROOT

START_LIMIT = 60
HERE = Path(__file__).resolve().parent


def environment(base: dict[str, str], settings: str) -> dict[str, str]:
    """``base`` for another process: its settings, and a limit of requests nobody reaches."""
    return base | {
        "DJANGO_SETTINGS_MODULE": settings,
        "API_RATE": "1000000",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
    }


@contextmanager
def served(base: dict[str, str], settings: str, application: str) -> Iterator[int]:
    """The port at which a project answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # As gunicorn does, but before the first client comes, who may come before gunicorn.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number, port = listener.fileno(), listener.getsockname()[1]
        command = (
            *(sys.executable, "-m", "gunicorn", "--config", "python:selflearn.gunicorn_conf"),
            *("--workers", "1", "--max-requests", "0", "--bind", f"fd://{number}", application),
        )
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(base, settings),
            pass_fds=(number,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


class Client:
    """One bot: sends JSON, and insists on the status it expects."""

    def __init__(self, port: int, authorization: str) -> None:
        self._port, self._headers = port, {"Authorization": authorization}
        self._connection = self._connect()
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                self._connection.connect()
                return
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def get(self, path: str, expect: int = 200, **headers: str) -> http.client.HTTPResponse:
        return self._ask("GET", path, None, expect, headers)[0]

    def read(self, path: str) -> dict:
        return json.loads(self._ask("GET", path, None, 200, {})[1])

    def post(self, path: str, body: bytes, expect: int = 201) -> None:
        self._ask("POST", path, body, expect, {"Content-Type": "application/json"})

    def _ask(self, method, path, body, expect, headers):
        try:
            return self._once(method, path, body, expect, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            # Left alone for longer than the server keeps a connection.
            self._connection.close()
            self._connection = self._connect()
            return self._once(method, path, body, expect, headers)

    def _once(self, method, path, body, expect, headers):
        self._connection.request(method, path, body, self._headers | headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != expect:
            raise SystemExit(f"{method} {path} gave {answer.status}: {content[:500]!r}")
        return answer, content

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=START_LIMIT)

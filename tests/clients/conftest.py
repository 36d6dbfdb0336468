"""A bot beside the server: the client as it is installed, against the API as it is served."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.trading.api.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT = ROOT / "clients" / "python"
sys.path.insert(0, str(CLIENT))

from selflearn_client import Client, sender  # noqa: E402

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def trade(number: int, **changed) -> dict:
    entry = T0 + timedelta(seconds=60 * number)
    return {
        "id": f"t-{number:05d}",
        "strategy": "rsi_bb",
        "market": "BTC/USDT",
        "side": "long",
        "entry_price": "100.5",
        "exit_price": 101,
        "size": 0.1,
        "entry_time": entry,
        "exit_time": entry + timedelta(seconds=30),
        "exit_reason": "take_profit",
    } | changed


@dataclass
class Account:
    url: str
    token: str = field(repr=False)


@pytest.fixture
def account(live_server) -> Account:
    from trading.bots import tokens
    from trading.models import Bot

    bot = Bot.objects.create(name="alpha")
    _, secret = tokens.issue(bot, "operate")
    return Account(live_server.url, secret)


@pytest.fixture
def connect(tmp_path) -> Iterator[Callable[..., Client]]:
    """Clients that are closed when the test ends; without a thread unless asked."""
    made = []

    def make(account: Account, **options) -> Client:
        options = {"directory": tmp_path / "queue", "background": False, "timeout": 5} | options
        made.append(Client(account.url, account.token, **options))
        return made[-1]

    yield make
    for client in made:
        client.close(timeout=0)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    monkeypatch.setattr(sender, "FIRST_WAIT", 0.02)


@dataclass
class Stub:
    """A server that answers as it is told, and remembers what it was asked."""

    url: str = ""
    script: list[tuple[int, dict, bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict, bytes]] = field(default_factory=list)
    otherwise: tuple[int, dict, bytes] = (201, {}, b"{}")

    def answer(self) -> tuple[int, dict, bytes]:
        return self.script.pop(0) if self.script else self.otherwise


@pytest.fixture
def stub() -> Iterator[Stub]:
    state = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.asked.append((self.command, self.path, dict(self.headers), body))
            status, headers, answer = state.answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _any

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


class Service(Server):
    """A server with a SQLite file of its own and one bot; its address is known before it starts."""

    def __init__(self, data: Path, account: Account | None = None) -> None:
        super().__init__(data, f"sqlite:///{data / 'selflearn.sqlite3'}")
        with self._listener() as free:
            self.port = free.getsockname()[1]
        if account is None:
            self.manage("migrate", "-v", "0")
            made = json.loads(self.manage("create_bot", "alpha", "--scope", "operate", "--json"))
            account = Account("", made["token"])
        self.account = Account(f"http://127.0.0.1:{self.port}", account.token)

    def manage(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return ran.stdout


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Service:
    """A database and a bot, made once and copied."""
    return Service(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def service(prepared, tmp_path) -> Iterator[Service]:
    shutil.copytree(prepared.data, tmp_path / "server")
    running = Service(tmp_path / "server", prepared.account)
    yield running
    running.kill()

"""Ways to take a PostgreSQL server away, and to give it back."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from tests.trading.story import MONDAY_SECONDS, payload

from .server import Client
from .threads import Threads

BACK_WITHIN = 2
SENDERS = 4
BATCH = 20
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closed without a word, as a dead machine is


class Proxy:
    """A way to a server that can be cut. Processes behind it see a server that is gone."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._mute = False
        self.port = 0

    def __enter__(self) -> Proxy:
        self.restore()
        return self

    def __exit__(self, *exc: object) -> None:
        self.cut()

    def restore(self, *, mute: bool = False) -> None:
        """Take connections; a mute one then says nothing."""
        self._mute = mute
        # Below the ports that clients are given, so that nobody takes it meanwhile.
        port = self.port or random.randrange(12_000, 20_000)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = port
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Take no more connections and drop those there are."""
        # A thread that waits in accept() keeps the port until it is woken.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            dropped, self._open = self._open, set()
        for end in dropped:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(near)
            if self._mute:
                continue
            far = socket.create_connection(self._server)
            with self._lock:
                self._open.add(far)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65_536):
            target.sendall(part)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Cluster:
    """A PostgreSQL server of one's own in a directory of its own, which can crash."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self.port = random.randrange(12_000, 20_000)
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", "data", "-U", "postgres", "--auth=trust", "-E", "UTF8")

    def __enter__(self) -> Cluster:
        self.restore()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.cut()

    def cut(self) -> None:
        """Crash: it recovers from its log when it starts again."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def restore(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            user=self._user,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def programs() -> Path | None:
    """Where PostgreSQL's own programs lie; None where only its client is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class Sending:
    """Bots that push trades until told to stop, and keep at it while the database is away."""

    def __init__(self, client: Client) -> None:
        self._client, self._stopped = client, threading.Event()
        self._sent = [0] * SENDERS
        self.statuses: Counter = Counter()
        self.unhelpful: list = []
        self._threads = Threads(SENDERS, self._send)

    def _send(self, number: int) -> None:
        while not self._stopped.is_set():
            at = self._sent[number]
            batch = [
                payload(
                    id=f"t-{number}-{at}-{row}", exit_time=MONDAY_SECONDS + 7200 + at * 60 + row
                )
                for row in range(BATCH)
            ]
            answer = self._client.insist("POST", "trades/", batch, self._heard)
            assert answer.status in (200, 201), answer
            self._sent[number] += 1

    def _heard(self, answer) -> None:
        self.statuses[answer.status] += 1
        if answer.status == 503 and not int(answer.headers.get("Retry-After", 0)):
            self.unhelpful.append(answer)

    def finish(self) -> int:
        """Stop; how many trades were acknowledged."""
        self._stopped.set()
        self._threads.finish()
        assert set(self.statuses) <= {200, 201, 503}, self.statuses
        assert self.statuses[503]
        assert not self.unhelpful
        return sum(self._sent) * BATCH


def survive(client: Client, outage, times: int, seconds: float) -> int:
    """Take the database away again and again; how many trades were acknowledged in all."""
    sending = Sending(client)
    took = []
    for _ in range(times):
        time.sleep(0.5)  # let requests be under way
        outage.cut()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = client.ask("GET", "parameters/rsi_bb/")
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
        outage.restore()
        back = time.monotonic()
        client.insist("GET", "parameters/rsi_bb/")
        took.append(time.monotonic() - back)
    acknowledged = sending.finish()
    print(
        f"\npostgresql away {times} times: {dict(sending.statuses)}, back after"
        f" {', '.join(f'{one:.2f}' for one in took)} s, {acknowledged} trades"
    )
    assert max(took) < BACK_WITHIN
    return acknowledged

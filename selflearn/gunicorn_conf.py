"""How gunicorn serves the pages (gunicorn --config python:selflearn.gunicorn_conf)."""

from __future__ import annotations

import gc
import logging.config
import select
import socket
from copy import copy
from pathlib import Path
from threading import Semaphore
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from selflearn import settings

THREADS = 4
AT_ONCE_MS = 5


class Log(Logger):
    """Gunicorn's messages in the form and place of all others; no access log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logging.config.dictConfig(settings.LOGGING)

    def access(self, *_: Any) -> None:
        """Nothing, without a look through the configuration for where it would go."""


class Joined:
    """A client's socket for one answer, whose head goes out with the first part of its body:
    gunicorn sends two packets, and the client wakes up for each."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._head: bytes | None = None

    def sendall(self, data: bytes) -> None:
        if self._head is None:
            self._head = data
            return
        if self._head:
            data, self._head = self._head + data, b""
        self._sock.sendall(data)

    def flush(self) -> None:
        """Send what was held back."""
        if self._head:
            held, self._head = self._head, b""
            self._sock.sendall(held)

    def __getattr__(self, name: str) -> Any:
        # Whatever else is done with the socket comes after what was to be sent before.
        self.flush()
        return getattr(self._sock, name)


class Worker(ThreadWorker):
    """Gunicorn's threads, of which half may wait a moment for the next request of the client they
    served: to hand its connection to the poller and back costs more than a small answer does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._may_wait = Semaphore(THREADS // 2)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        answering = copy(conn)
        answering.sock = Joined(conn.sock)
        try:
            return super().handle_request(req, answering)
        finally:
            answering.sock.flush()

    def handle(self, conn: TConn) -> Any:
        kept = super().handle(conn)
        while kept is True and self.alive and self._asks_at_once(conn):
            kept = super().handle(conn)
        return kept

    def _asks_at_once(self, conn: TConn) -> bool:
        if not self._may_wait.acquire(blocking=False):
            return False
        try:
            next_request = select.poll()
            next_request.register(conn.sock, select.POLLIN)
            return bool(next_request.poll(AT_ONCE_MS))
        finally:
            self._may_wait.release()


def when_ready(server: Any) -> None:
    """Keep what is loaded by now out of the collector, so that the forks go on sharing it."""
    gc.collect()
    gc.freeze()
    # A batch makes thousands of objects, none of them in a cycle: no need to look every 700.
    gc.set_threshold(50_000, 20, 50)


# Threads, so that one slow visitor does not stop the others; two processes, so that one can be
# replaced (or be busy) while the other answers. Loaded once and forked: the second is cheap.
worker_class = Worker
workers = 2
threads = THREADS
preload_app = True
timeout = 30
graceful_timeout = 5
keepalive = 5
max_requests = 2000
max_requests_jitter = 200
limit_request_line = 4094
# Django decides what a proxy may say (PROXY_COUNT); gunicorn believes none.
forwarded_allow_ips = ""
control_socket_disable = True
logger_class = Log
if Path("/dev/shm").is_dir():
    # The heartbeat of a worker must not wait for a disk.
    worker_tmp_dir = "/dev/shm"

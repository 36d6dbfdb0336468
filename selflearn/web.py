"""How gunicorn serves the pages: gunicorn --config python:selflearn.web selflearn.wsgi."""

from __future__ import annotations

import gc
import logging.config
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from selflearn import settings


class Log(Logger):
    """Gunicorn's messages in the form and place of all others; no access log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logging.config.dictConfig(settings.LOGGING)


def when_ready(server: Any) -> None:
    """Keep what is loaded by now out of the collector, so that the forks go on sharing it."""
    gc.collect()
    gc.freeze()


# Threads, so that one slow visitor does not stop the others; two processes, so that one can be
# replaced (or be busy) while the other answers. Loaded once and forked: the second is cheap.
worker_class = "gthread"
workers = 2
threads = 4
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

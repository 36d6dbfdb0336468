"""How gunicorn serves the pages: ``gunicorn --config python:selflearn.gunicorn_conf``."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

from selflearn.settings import DATA_DIR, LOGGING

# Threads, so that one slow client does not hold up the others; two processes, so that one can be
# replaced, or be busy, while the other answers. Loaded once and forked: the second costs little.
worker_class = "gthread"
workers = 2
threads = 8
preload_app = True

timeout = 30
graceful_timeout = 5
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
limit_request_line = 4094
# Django decides which proxies may be believed (PROXY_COUNT); gunicorn believes none.
forwarded_allow_ips = ""
control_socket_disable = True
# No access log: the API logs one line per request itself.
accesslog = None
logconfig_dict = LOGGING

if Path("/dev/shm").is_dir():
    # The heartbeat of a worker must not wait for a disk.
    worker_tmp_dir = "/dev/shm"

# All processes count requests here together (prometheus_client's multiprocess mode). It is chosen
# when the application imports prometheus_client, so the directory must stand before that.
_metrics = DATA_DIR / "metrics"
shutil.rmtree(_metrics, ignore_errors=True)
_metrics.mkdir()
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def when_ready(server: object) -> None:
    """Share what is loaded by now with the processes that are forked."""
    gc.collect()
    gc.freeze()

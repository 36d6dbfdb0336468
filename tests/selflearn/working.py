"""The worker as ``manage.py worker`` runs it, over the tests' own database, to be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django_q.models import Task

from analytics import jobs
from analytics.models import JobRun
from selflearn.worker.processes import children
from tests.trading.api.server import ROOT, database_url

from .conftest import MANAGE, clean_environment

KINDS = ("worker", "pusher", "monitor", "sentinel", "main")
HEALED = 10  # seconds
BUSY = 60  # where the machine may be slow


class Working:
    """A started worker and its processes by what they are."""

    def __init__(self, data: Path, url: str, **variables: str) -> None:
        self.data = data
        self._environment = clean_environment(
            DATA_DIR=str(data),
            DATABASE_URL=url,
            PYTHONPATH=str(ROOT),
            DJANGO_SETTINGS_MODULE="tests.selflearn.worker_settings",
            # What is queued is signed.
            SECRET_KEY=settings.SECRET_KEY,
            **variables,
        )
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, MANAGE, "worker"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(lambda: len(self.family()) == 7, 60, self.log)

    def family(self) -> list[int]:
        """The supervisor and all below it."""
        pids = [self.process.pid]
        for pid in pids:
            pids += children(pid)
        return pids

    def pid(self, kind: str, queue: int = 0) -> int:
        """One process of the first group; waits for it while the group is starting."""
        matching: list[int] = []

        def look() -> bool:
            mains = children(self.process.pid)
            sentinels = children(mains[queue]) if len(mains) > queue else []
            parts = children(sentinels[0]) if sentinels else []
            # In the order in which the sentinel makes them.
            names = ("worker", "worker", "monitor", "pusher")
            matching[:] = [
                pid
                for name, pid in (
                    *zip(names, parts, strict=False),
                    *(("sentinel", pid) for pid in sentinels),
                    *(("main", pid) for pid in mains[queue : queue + 1]),
                )
                if name == kind
            ]
            return len(parts) == len(names)

        wait_for(look, HEALED, self.log)
        return matching[0]

    def kill(self, kind: str) -> None:
        os.kill(self.pid(kind), signal.SIGKILL)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=30)

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            family = self.family()
            self.process.kill()
            self.process.wait()
            for pid in family[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def log(self) -> str:
        return (self.data / "log").read_text(errors="replace")[-4000:]


def wait_for(what: Callable[[], bool], seconds: float, say: Callable[[], str] = str) -> float:
    """Wait until it holds; how long that took. Fails, with what ``say`` says, when it does not."""
    began = time.monotonic()
    while not what():
        took = time.monotonic() - began
        assert took < seconds, f"not within {seconds} s:\n{say()}"
        time.sleep(0.05)
    return time.monotonic() - began


def mark(numbers: range, seconds: float = 0.0, job: str = "mark") -> None:
    """Queue tasks whose effects are counted."""
    for number in numbers:
        run = jobs.submit(job, str(number), {"number": number, "seconds": seconds})
        assert run is not None


def effects() -> list[int]:
    return [int(key.split()[1]) for key in keys("effect ")]


def starts() -> int:
    return len(keys("start "))


def keys(prefix: str) -> list[str]:
    return list(Task.objects.filter(id__startswith=prefix).values_list("id", flat=True))


def all_done(count: int) -> bool:
    """All have ended: their effects are there and their ends are written."""
    ended = JobRun.objects.filter(job__endswith="mark").exclude(state__in=JobRun.ACTIVE)
    return ended.count() == count


@contextlib.contextmanager
def working(data: Path, url: str | None = None, **variables: str) -> Iterator[Working]:
    """A started worker; nothing of it is left behind."""
    worker = Working(data, url or database_url(), **variables)
    try:
        worker.start()
        yield worker
    finally:
        worker.end()

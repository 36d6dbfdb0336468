"""One django-q2 cluster in a process group of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core.management import call_command

from analytics.jobs.runs import OWNER

from . import processes


@dataclass
class Group:
    """A started group."""

    owner: str
    process: processes.Child
    beat_at: datetime | None = None  # of the last heartbeat
    beat_seen: float = field(default_factory=time.monotonic)  # monotonic seconds
    members: set[int] = field(default_factory=set)  # all processes of the cluster ever seen

    @property
    def pid(self) -> int:
        return self.process.process.pid

    @property
    def complete(self) -> bool:
        """Whether its sentinel had started processes when it was last looked at."""
        return len(self.members) > 2

    def failure(self, overdue: float) -> str:
        """Why it has to be replaced; empty where it works."""
        sentinels = processes.children(self.pid)
        # The sentinel may have replaced a process that was never seen here.
        if self.dead() or any(processes.has_lost_child(pid) for pid in sentinels):
            return "one of its processes died"
        silent = time.monotonic() - self.beat_seen
        return f"no heartbeat for {silent:.0f} s" if silent > overdue else ""

    def dead(self) -> set[int]:
        """Those of its main process, sentinel, workers, monitor and pusher that died.

        What a worker starts for a task of its own is not looked at.
        """
        sentinels = processes.children(self.pid)
        self.members |= {self.pid, *sentinels}
        for sentinel in sentinels:
            self.members |= set(processes.children(sentinel))
        return {pid for pid in self.members if not processes.is_running(pid)}

    def terminate(self) -> None:
        """Ask it to end after the tasks that it runs."""
        self.process.process.terminate()

    def stop(self, patience: float, hurry: Callable[[], bool]) -> set[int]:
        """Wait ``patience`` seconds for its end, then kill it; the processes that lived until then.

        ``hurry()`` says whether to wait no longer.
        """
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not self.process.ended() and not hurry():
            time.sleep(0.05)
        survivors = self.members - self.dead()
        processes.kill(self.process)
        return survivors


def start(queue: str) -> Group:
    """Fork the process group that works on a queue."""
    owner = uuid.uuid4().hex
    return Group(owner, processes.fork(f"worker of {queue}", lambda: _become(queue, owner)))


def _become(queue: str, owner: str) -> None:
    os.environ[OWNER] = owner
    if queue == settings.Q_CLUSTER["name"]:
        return work()
    # django-q2 reads its settings once, at import: another queue needs another program.
    environment = {**os.environ, "Q_CLUSTER_NAME": queue}
    program = str(settings.BASE_DIR / "manage.py")
    os.execve(sys.executable, [sys.executable, program, "worker", "--group"], environment)


def work() -> None:
    """Be the main process of a cluster until it is stopped."""
    processes.die_with_parent(signal.SIGKILL)
    # What is forked from here on is killed when its own parent is gone.
    os.register_at_fork(after_in_child=lambda: processes.die_with_parent(signal.SIGKILL))
    call_command("qcluster")
    for process in multiprocessing.active_children():
        process.join()

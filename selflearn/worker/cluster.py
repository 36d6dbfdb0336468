"""The main process of a cluster: it forks django-q2's processes, then looks after their queue."""

from __future__ import annotations

import logging
import os
import select
import signal
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections
from django_q.cluster import Cluster
from django_q.conf import Conf

from analytics.jobs import runs
from selflearn.worker import end_together, processes
from selflearn.worker.broker import Owned, say
from selflearn.worker.housekeeping import Chores

log = logging.getLogger("selflearn.worker")
SHORT, LONG = "short", "long"
QUEUES = (SHORT, LONG)


@dataclass(frozen=True)
class Birth:
    """What a cluster is told by the supervisor that forks it."""

    queue: str
    owner: str
    channel: int  # file descriptor to the supervisor
    restarts: int = 0
    predecessors: Collection[str] = ()
    innocent: Mapping[str, Collection[int]] = field(default_factory=dict)


def live(birth: Birth) -> int:
    """Be the main process of a cluster until asked to stop; return the exit status.

    Only in a process that was just forked: it leaves the session and changes signal handlers.
    """
    asked: list[int] = []
    os.setsid()
    processes.die_with_parent(signal.SIGKILL)
    # Whatever is forked from here on goes when its own parent goes.
    os.register_at_fork(after_in_child=lambda: processes.die_with_parent(signal.SIGKILL))
    _configure(birth.queue)
    runs.owner = Owned.owner = birth.owner
    Owned.beat = birth.channel
    end_together.end_together(birth.channel)
    # A connection must not be shared with the processes that are forked from here on.
    connections.close_all()
    cluster = Cluster()
    cluster.start()
    # django-q2's own handler would wait for the tasks inside whatever it interrupts.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: asked.append(number))
    woken = _wake_on_signals()
    chores = Chores(birth)
    while cluster.sentinel.is_alive() and not asked:
        say(birth.channel, "main")
        if chores.look():
            asked.append(0)
        select.select([woken], [], [], chores.pace.tick)
    if not asked:
        log.error("the sentinel of %s is gone", birth.queue)
        return 1
    chores.leave()
    cluster.stop()
    return 0


def _wake_on_signals() -> int:
    """A descriptor that can be read once there was a signal: it must not wait for the next look."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    return ours


def _configure(queue: str) -> None:
    """What django-q2 reads from the environment at its first import, for this one queue."""
    Conf.CLUSTER_NAME = queue
    for name, value in settings.Q_CLUSTER["ALT_CLUSTERS"].get(queue, {}).items():
        setattr(Conf, name.upper(), value)

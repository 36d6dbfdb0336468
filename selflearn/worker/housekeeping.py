"""What a cluster's main process does about its queue, and what all of them share.

Everything here needs the database and nothing here may be needed to survive: where it is away,
the next look tries again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, close_old_connections, connections, transaction
from django.db.models import Min
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from analytics import jobs
from analytics.jobs import runs
from analytics.models import JobRun, WorkerBeat
from selflearn.worker import broker
from selflearn.worker.timeouts import pace
from trading import clock

if TYPE_CHECKING:
    from selflearn.worker.cluster import Birth

log = logging.getLogger("selflearn.worker")
DEAD_AFTER = timedelta(seconds=60)  # without a beat
FORGOTTEN_AFTER = timedelta(days=1)
OTHER = 4.0  # seconds between two looks at the queue that is mostly empty


class Chores:
    """Of one cluster. ``look`` is called every two seconds or so."""

    def __init__(self, birth: Birth) -> None:
        self.pace = pace()
        self._birth = birth
        self._main = birth.queue == "short"
        now = time.monotonic()
        self._due = dict.fromkeys(("beat", "canary", "other", "timetable"), now)
        self._next_moment = clock.EPOCH
        self._canary: int | None = None
        self._oldest: int | None = None
        self._moved_at = now
        self._busy_at = now

    def look(self) -> bool:
        """Do what is due; say whether there has been nothing to do for long enough to go home."""
        close_old_connections()
        try:
            self._do()
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database is away: %s", str(error).strip().splitlines()[:1])
            connections.close_all()
            # Nothing can be said about the queue meanwhile.
            self._moved_at = self._busy_at = time.monotonic()
        return not self._main and time.monotonic() - self._busy_at > self.pace.idle

    def leave(self) -> None:
        """It is being stopped: that is not the fault of what is running."""
        try:
            runs.excuse(self._birth.owner)
            WorkerBeat.objects.filter(owner=self._birth.owner).delete()
        except (DatabaseError, InterfaceError) as error:
            log.warning("stopping without the database: %s", str(error).strip().splitlines()[:1])
        finally:
            connections.close_all()

    def _do(self) -> None:
        if self._time_for("beat", self.pace.beat):
            self._beat()
        if self._main and not clock.simulated():
            self._tick()
        if self._time_for("other", OTHER):
            waiting = OrmQ.objects.filter(key__startswith="long").exclude(pk=self._canary)
            if waiting.exists():
                self._busy_at = time.monotonic()
                if self._main:
                    broker.say(self._birth.channel, "wanted long")
        self._listen()

    def _tick(self) -> None:
        """Queue what fell due; the database is asked when that is, and now and then besides."""
        now = clock.now()
        if now >= self._next_moment or self._time_for("timetable", self.pace.beat):
            jobs.enqueue_due(now)
            self._next_moment = jobs.next_moment(now)

    def _time_for(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + every
        return True

    def _beat(self) -> None:
        """Say in the database that it lives; take back what the dead had fetched or lost."""
        birth, now = self._birth, timezone.now()
        fields = {
            "queue": birth.queue,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "restarts": birth.restarts,
            "beat_at": now,
        }
        WorkerBeat.objects.update_or_create(
            owner=birth.owner, defaults=fields, create_defaults={**fields, "started_at": now}
        )
        gone = owners_gone(birth.queue, birth.owner, birth.predecessors)
        if gone:
            with transaction.atomic():
                jobs.release(gone, birth.innocent)
                for owner in gone:
                    broker.hand_back(birth.queue, owner)
        WorkerBeat.objects.filter(owner__in=gone.union(birth.predecessors)).delete()
        if self._main:
            jobs.reconcile()
            WorkerBeat.objects.filter(beat_at__lt=now - FORGOTTEN_AFTER).delete()

    def _listen(self) -> None:
        """Put a canary into the queue now and then; where nothing moves at all, end the cluster."""
        if self._canary is None:
            if self._time_for("canary", self.pace.canary):
                self._canary = self._sing()
                self._moved_at = time.monotonic()
            return
        mine = (self._birth.queue, f"{self._birth.queue}{broker.MARK}{self._birth.owner}")
        waiting = OrmQ.objects.filter(key__in=mine)
        if not waiting.filter(pk=self._canary).exists():
            self._canary = None
            broker.say(self._birth.channel, "well")
            return
        oldest = waiting.aggregate(pk=Min("pk"))["pk"]
        now = time.monotonic()
        if oldest != self._oldest or self._running():
            self._oldest, self._moved_at = oldest, now
        if now - self._moved_at > self.pace.stall:
            log.error("tasks of %s are not being done: starting it anew", self._birth.queue)
            os.killpg(0, signal.SIGKILL)

    def _running(self) -> bool:
        """Whether a task is being run, by a process of this cluster that lives."""
        running = JobRun.objects.filter(owner=self._birth.owner, state=JobRun.State.RUNNING)
        return any(_in_this_group(pid) for pid in running.values_list("pid", flat=True))

    def _sing(self) -> int | None:
        own = broker.Owned(self._birth.queue)
        async_task(
            "selflearn.worker.housekeeping.canary", broker=own, task_name="canary", save=False
        )
        return own.newest


def canary() -> str:
    """A task that does nothing, to see that tasks are done."""
    return "sung"


def owners_gone(queue: str, me: str, predecessors: object) -> set[str]:
    """Who had fetched or was running tasks of this queue, and lives no more."""
    running = JobRun.objects.filter(queue=queue, state=JobRun.State.RUNNING)
    named = broker.owners(queue) | set(running.values_list("owner", flat=True))
    named -= {me, ""}
    if not named:
        return set()
    fresh = WorkerBeat.objects.filter(owner__in=named, beat_at__gt=timezone.now() - DEAD_AFTER)
    alive = {beat.owner for beat in fresh if beat.owner not in predecessors and _lives(beat)}
    return named - alive


def _lives(beat: WorkerBeat) -> bool:
    """Of a beat of this machine the process can be looked at."""
    return beat.host != socket.gethostname() or _there(beat.pid)


def _there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _in_this_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == os.getpgid(0)
    except ProcessLookupError:
        return False

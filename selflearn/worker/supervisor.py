"""Starts the process groups and replaces one whose process died or whose heartbeat is overdue."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from analytics import jobs
from analytics.jobs import heartbeat
from analytics.models import JobRun

from .group import Group, start

log = logging.getLogger("selflearn.worker")
SHORT, LONG = "short", "long"
MARGIN = timedelta(minutes=1)  # for django-q2 to end a task that exceeds its time limit


@dataclass(frozen=True)
class Pace:
    """Seconds. ``settings.WORKER_PACE`` overrides them."""

    glance: float = 1  # between two looks at the processes
    look: float = 3  # between two looks for work in the queue of long tasks
    chores: float = 15  # between two looks at heartbeats, schedules and lost runs
    overdue: float = 90  # without a heartbeat a group is replaced; it beats every 30 s
    idle: float = 60  # without work after which the group of long tasks is stopped
    drain: float = 15  # for tasks to end when the worker is stopped
    backoff: float = 5  # the longest pause before a group is started after one that failed to


@dataclass
class Slot:
    """A queue, and the group that works on it."""

    queue: str
    group: Group | None = None
    restarts: int = 0
    pause: float = 0.0
    not_before: float = 0.0
    busy_at: float = 0.0  # when it last had work


class Supervisor:
    """Runs in the process of the ``worker`` command; times are monotonic seconds."""

    def __init__(self, pace: Pace, start: Callable[[str], Group] = start) -> None:
        self._pace = pace
        self._start_group = start
        self.slots = {queue: Slot(queue) for queue in (SHORT, LONG)}
        self._due = {"look": 0.0, "chores": 0.0}
        self._signals: list[int] = []

    def run(self) -> None:
        """Work until a signal asks to stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, frame: self._signals.append(number))
        try:
            while not self._signals:
                self.step()
                time.sleep(self._pace.glance)
        finally:
            self._stop_all()

    def step(self) -> None:
        """Replace what failed, start what is wanted, and do the chores that are due."""
        self.start(self.slots[SHORT])
        for slot in self.slots.values():
            if slot.group and (reason := slot.group.failure(self._pace.overdue)):
                self.replace(slot, reason)
        with self._database():
            if self._is_due("look"):
                self._look_for_long_work()
            if self._is_due("chores"):
                self._do_chores()

    def start(self, slot: Slot) -> None:
        """Start the group of a queue, unless it runs or has to wait after a failed start."""
        if slot.group or time.monotonic() < slot.not_before:
            return
        connections.close_all()  # the fork must not share them
        try:
            group = slot.group = self._start_group(slot.queue)
        except OSError as error:
            log.error("the worker of %s cannot be started: %s", slot.queue, error)
            slot.not_before = time.monotonic() + self._pace.backoff
            return
        with self._database():
            heartbeat.begin(group.owner, slot.queue, group.pid, slot.restarts)

    def replace(self, slot: Slot, reason: str) -> None:
        """Kill the group and start another: after a pause, where this one was never complete."""
        group = slot.group
        assert group
        log.warning("the worker of %s is restarted: %s", slot.queue, reason)
        self._end(slot, group, patience=0)
        slot.restarts += 1
        slot.pause = 0.0 if group.complete else min(self._pace.backoff, 2 * slot.pause + 0.5)
        slot.not_before = time.monotonic() + slot.pause
        self.start(slot)

    def _end(self, slot: Slot, group: Group, patience: float) -> None:
        """Stop the group and let its runs start again elsewhere."""
        survivors = group.stop(patience, hurry=lambda: len(self._signals) > 1)
        slot.group = None
        with self._database():
            jobs.release(slot.queue, group.owner, survivors)
            heartbeat.end(group.owner)

    def _look_for_long_work(self) -> None:
        slot, now = self.slots[LONG], time.monotonic()
        if JobRun.objects.filter(queue=LONG, state__in=JobRun.ACTIVE).exists():
            slot.busy_at = now
            self.start(slot)
        elif slot.group and now - slot.busy_at > self._pace.idle:
            slot.group.terminate()
            self._end(slot, slot.group, patience=self._pace.drain)

    def _do_chores(self) -> None:
        """Repair schedules, note heartbeats and send the next, take over from the dead."""
        jobs.sync()
        for slot in self.slots.values():
            group = slot.group
            if group:
                beat_at = heartbeat.last(group.owner)
                if beat_at is None:
                    heartbeat.begin(group.owner, slot.queue, group.pid, slot.restarts)
                elif beat_at != group.beat_at:
                    group.beat_at, group.beat_seen = beat_at, time.monotonic()
                    heartbeat.send(group.owner, slot.queue)
            jobs.release_overdue(slot.queue, _time_limit(slot.queue) + MARGIN)
            jobs.resend_lost(slot.queue)
        ours = {slot.group.owner for slot in self.slots.values() if slot.group}
        for queue, owner in list(heartbeat.dead_groups()):
            if owner not in ours:
                log.warning("the worker %s of %s is gone: its runs start again", owner, queue)
                jobs.release(queue, owner)
                heartbeat.end(owner)

    def _is_due(self, what: str) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + getattr(self._pace, what)
        return True

    @contextmanager
    def _database(self) -> Iterator[None]:
        """Go on where the database is away: nothing can be said of heartbeats meanwhile."""
        close_old_connections()
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database is away: %s", str(error).strip().splitlines()[:1])
            connections.close_all()
            for slot in self.slots.values():
                if slot.group:
                    slot.group.beat_seen = time.monotonic()

    def _stop_all(self) -> None:
        groups = [(slot, slot.group) for slot in self.slots.values() if slot.group]
        for _, group in groups:
            group.terminate()
        deadline = time.monotonic() + self._pace.drain
        for slot, group in groups:
            self._end(slot, group, patience=max(0.0, deadline - time.monotonic()))
        connections.close_all()


def _time_limit(queue: str) -> timedelta:
    cluster: dict[str, Any] = settings.Q_CLUSTER
    options = cluster if queue == cluster["name"] else cluster["ALT_CLUSTERS"][queue]
    return timedelta(seconds=options["timeout"])

"""The heartbeat of a process group: a task that goes through schedule, queue and worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from django_q.models import Schedule

from analytics.models import JobRun, WorkerBeat
from trading import clock

from .schedules import PREFIX, UNSAVED

DEAD_AFTER = timedelta(seconds=60)  # without a heartbeat
TASK = "analytics.jobs.heartbeat.beat"


def begin(owner: str, queue: str, pid: int, restarts: int) -> None:
    """Make a group known and send its first heartbeat."""
    now = clock.machine_now()
    WorkerBeat.objects.create(
        owner=owner,
        queue=queue,
        host=socket.gethostname(),
        pid=pid,
        restarts=restarts,
        started_at=now,
        beat_at=now,
    )
    send(owner, queue)


def send(owner: str, queue: str) -> None:
    """Schedule the next heartbeat: the sentinel fires it, a worker runs it."""
    Schedule.objects.update_or_create(
        name=_name(owner),
        defaults={
            "func": TASK,
            "args": repr(owner),
            "kwargs": UNSAVED,
            "schedule_type": Schedule.ONCE,
            "cluster": queue,
            "next_run": clock.machine_now(),
        },
    )


def beat(owner: str) -> None:
    """The task: write down that the group works."""
    WorkerBeat.objects.filter(owner=owner).update(beat_at=clock.machine_now())


def last(owner: str) -> datetime | None:
    """When the group last showed that it works: its heartbeat was done, or it is at work now."""
    if JobRun.objects.filter(owner=owner, state=JobRun.State.RUNNING).exists():
        beat(owner)
    return WorkerBeat.objects.filter(owner=owner).values_list("beat_at", flat=True).first()


def end(owner: str) -> None:
    """Forget a group that is gone."""
    WorkerBeat.objects.filter(owner=owner).delete()
    Schedule.objects.filter(name=_name(owner)).delete()


def dead_groups() -> Iterator[tuple[str, str]]:
    """Queue and owner of the groups that are gone without having been ended."""
    now = clock.machine_now()
    known = {group.owner: group for group in WorkerBeat.objects.all()}
    running = JobRun.objects.filter(state=JobRun.State.RUNNING).exclude(owner="")
    for queue, owner in running.values_list("queue", "owner").distinct():
        if owner not in known:
            yield queue, owner
    for group in known.values():
        if group.beat_at < now - DEAD_AFTER or not _may_live(group):
            yield group.queue, group.owner


def _may_live(group: WorkerBeat) -> bool:
    """False where it ran on this machine and its process is gone."""
    if group.host != socket.gethostname():
        return True
    try:
        os.kill(group.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _name(owner: str) -> str:
    return f"{PREFIX}heartbeat {owner}"

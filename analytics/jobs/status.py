"""How the jobs and the processes that do them are getting on: for pages, probes and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, OuterRef, Subquery
from django_q.models import OrmQ

from analytics.models import JobLine, JobRun, WorkerBeat
from analytics.tasks import QUEUES, Job
from trading import clock

from .timetable import is_wanted, timetable

SILENT = timedelta(seconds=60)  # a worker that has not been heard for longer is down
STUCK = {"short": timedelta(minutes=10), "long": timedelta(hours=2)}  # of the oldest that waits
State = JobRun.State


@dataclass(frozen=True)
class Standing:
    """One job: ``state`` is ok, late, failed, dead, running, waiting (nothing yet) or off."""

    job: Job
    line: JobLine | None
    last: JobRun | None  # the newest that ended
    active: JobRun | None
    state: str
    next_due: datetime | None


def standings(now: datetime | None = None) -> list[Standing]:
    """All jobs of the timetable, in its order."""
    now = now or clock.now()
    lines = JobLine.objects.in_bulk()
    active = {run.job: run for run in JobRun.objects.filter(state__in=JobRun.ACTIVE, key="")}
    last = _newest([job.name for job in timetable()])
    return [
        _standing(job, lines.get(job.name), last.get(job.name), active.get(job.name), now)
        for job in timetable()
    ]


def _newest(names: Sequence[str]) -> dict[str, JobRun]:
    """The newest ended run of each job, on request or not, along the index."""
    ended = JobRun.objects.exclude(state__in=JobRun.ACTIVE)
    newest = Subquery(ended.filter(job=OuterRef("name")).order_by("-due").values("pk")[:1])
    timed = set(JobLine.objects.annotate(run=newest).values_list("run", flat=True))
    rest = set(names) - set(JobLine.objects.values_list("name", flat=True))
    for name in rest:
        timed |= set(ended.filter(job=name).order_by("-due").values_list("pk", flat=True)[:1])
    return {run.job: run for run in JobRun.objects.filter(pk__in=timed - {None})}


def _standing(
    job: Job, line: JobLine | None, last: JobRun | None, active: JobRun | None, now: datetime
) -> Standing:
    if not is_wanted(job):
        state = "off"
    elif last and last.state in (State.DEAD, State.FAILED):
        state = str(last.state)
    elif is_late(job, line, active, now):
        state = "late"
    elif active:
        state = "running"
    else:
        state = "ok" if last else "waiting"
    due = job.next_due(now) if job.timed and not clock.simulated() else None
    return Standing(job, line, last, active, state, due)


def is_late(job: Job, line: JobLine | None, active: JobRun | None, now: datetime) -> bool:
    """Whether a moment that fell due longer ago than the job's grace has not been dealt with."""
    if clock.simulated():
        return False
    if active and active.queued_at < now - job.grace:
        return True
    if not job.timed or line is None:
        return False
    return line.last_due < job.last_due(now - job.grace) and line.since < now - job.grace


def late(now: datetime | None = None) -> list[str]:
    """The names of the jobs that are late."""
    now = now or clock.now()
    lines = JobLine.objects.in_bulk()
    active = {run.job: run for run in JobRun.objects.filter(state__in=JobRun.ACTIVE, key="")}
    return [
        job.name
        for job in timetable()
        if is_late(job, lines.get(job.name), active.get(job.name), now)
    ]


def workers(now: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By queue: the seconds since its worker was last heard (None: never), and its restarts."""
    now = now or clock.now()
    found: dict[str, dict[str, Any]] = {
        queue: {"silent_seconds": None, "restarts": 0} for queue in QUEUES
    }
    # Newest last, so that it is the one that counts.
    for beat in WorkerBeat.objects.order_by("beat_at"):
        silent = max(0.0, (now - beat.beat_at).total_seconds())
        found[beat.queue] = {"silent_seconds": round(silent, 1), "restarts": beat.restarts}
    return found


def queues(now: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By queue: how many tasks wait for a worker, and the seconds that the oldest has waited."""
    now = now or clock.now()
    rows = (
        OrmQ.objects.filter(key__in=QUEUES)
        .values_list("key")
        .annotate(waiting=Count("pk"), since=Min("lock"))
        .order_by()
    )
    found: dict[str, dict[str, Any]] = {
        queue: {"waiting": 0, "oldest_seconds": 0.0} for queue in QUEUES
    }
    for queue, waiting, since in rows:
        oldest = max(0.0, (now - since).total_seconds()) if since else 0.0
        found[queue] = {"waiting": waiting, "oldest_seconds": round(oldest, 1)}
    return found

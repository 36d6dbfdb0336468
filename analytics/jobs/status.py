"""The state of jobs, workers and queues: for pages, health checks and alerts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django_q.models import OrmQ

from analytics.jobs.tasks import QUEUES, Job
from analytics.models import JobLine, JobRun, WorkerBeat
from trading import clock

from .timetable import is_wanted, timetable

SILENT = timedelta(seconds=60)  # a worker without a heartbeat for longer is down
STUCK = {"short": timedelta(minutes=10), "long": timedelta(hours=2)}  # age of the oldest waiting
RECENT = 12  # runs of a job that are shown
State = JobRun.State


@dataclass(frozen=True)
class Standing:
    """One job: ``state`` is ok, late, failed, dead, running, waiting (nothing yet) or off."""

    job: Job
    line: JobLine | None
    recent: list[JobRun]  # newest first, requested ones too
    active: JobRun | None
    state: str
    next_due: datetime | None

    @property
    def last(self) -> JobRun | None:
        """The newest run that ended."""
        return next((run for run in self.recent if run.state not in JobRun.ACTIVE), None)


def standings(now: datetime | None = None) -> list[Standing]:
    """All jobs of the timetable, in its order."""
    now = now or clock.now()
    lines, active = _lines_and_active()
    result = []
    for job in timetable():
        due = job.next_due(now) if job.timed and not clock.simulated() else None
        recent = list(JobRun.objects.filter(job=job.name).order_by("-due")[:RECENT])
        standing = Standing(job, lines.get(job.name), recent, active.get(job.name), "", due)
        result.append(replace(standing, state=_state(standing, now)))
    return result


def _lines_and_active() -> tuple[dict[str, JobLine], dict[str, JobRun]]:
    running = JobRun.objects.filter(state__in=JobRun.ACTIVE, key="")
    return JobLine.objects.in_bulk(), {run.job: run for run in running}


def _state(standing: Standing, now: datetime) -> str:
    if not is_wanted(standing.job):
        return "off"
    last = standing.last
    if last and last.state in (State.DEAD, State.FAILED):
        return str(last.state)
    if is_late(standing.job, standing.line, standing.active, now):
        return "late"
    if standing.active:
        return "running"
    return "ok" if last else "waiting"


def is_late(job: Job, line: JobLine | None, active: JobRun | None, now: datetime) -> bool:
    """Whether a moment was due longer ago than the job's grace and is not done."""
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
    lines, active = _lines_and_active()
    return [
        job.name
        for job in timetable()
        if is_late(job, lines.get(job.name), active.get(job.name), now)
    ]


def workers(now: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By queue: the seconds since its worker's last heartbeat (None: never), and its restarts."""
    now = now or clock.now()
    result: dict[str, dict[str, Any]] = {
        queue: {"silent_seconds": None, "restarts": 0} for queue in QUEUES
    }
    # Newest last, so that it is the one that counts.
    for group in WorkerBeat.objects.order_by("beat_at"):
        silent = max(0.0, (now - group.beat_at).total_seconds())
        result[group.queue] = {"silent_seconds": round(silent, 1), "restarts": group.restarts}
    return result


def queues(now: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By queue: how many tasks wait for a worker, and the seconds that the oldest has waited."""
    now = now or clock.now()
    rows = (
        OrmQ.objects.filter(key__in=QUEUES, lock__lte=now)
        .values_list("key")
        .annotate(waiting=Count("pk"), since=Min("lock"))
        .order_by()
    )
    result: dict[str, dict[str, Any]] = {
        queue: {"waiting": 0, "oldest_seconds": 0.0} for queue in QUEUES
    }
    for queue, waiting, since in rows:
        result[queue] = {
            "waiting": waiting,
            "oldest_seconds": round((now - since).total_seconds(), 1),
        }
    return result

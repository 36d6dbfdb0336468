"""Which runs are queued: those that are due, those that users requested, those that were lost."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from analytics.jobs.tasks import Job
from analytics.models import JobLine, JobRun
from trading import clock

from .timetable import find, is_wanted, timetable

log = logging.getLogger("analytics.jobs")
TASK = "analytics.jobs.runs.run"
SETTLED = timedelta(seconds=30)  # a run queued for less is not lost, only on its way
SKEW = timedelta(seconds=5)  # allowed difference between the clocks of two machines
ACTIVE = JobRun.ACTIVE


def fire(name: str) -> str:
    """What django-q2's schedules call: let the ledger queue what is due of this job.

    Firing too often, or for nothing, does no harm. Returns what was queued, for the task's log.
    """
    job = find(name)
    if job is None or clock.simulated():
        return "nothing to do"
    return ", ".join(map(str, enqueue_due(jobs=[job]))) or "nothing due"


def enqueue_due(now: datetime | None = None, jobs: Iterable[Job] | None = None) -> list[JobRun]:
    """Queue what is due and was not queued yet; return the runs.

    Of several missed moments the newest is queued, or the oldest for jobs that catch up each day:
    the others follow as each run ends. A job that is still queued or running is left alone.
    """
    now = now or clock.now()
    chosen = {job.name: job for job in (timetable() if jobs is None else jobs) if job.timed}
    lines = JobLine.objects.filter(name__in=chosen)
    busy = set(JobRun.objects.filter(state__in=ACTIVE, key="").values_list("job", flat=True))
    runs = []
    for line in lines:
        job = chosen[line.name]
        if line.last_due > now + SKEW:
            line = _reset_to_earlier_clock(job, line, now)
        due = _next_due(job, line.last_due, now)
        if due is None or line.name in busy:
            continue
        run = _queue_moment(job, line, due)
        if run:
            runs.append(run)
    return runs


def make_up(name: str, since: datetime) -> None:
    """Make a job due again for every moment after ``since``, as if it had not run."""
    JobLine.objects.filter(name=name, last_due__gt=since).update(last_due=since)


def _next_due(job: Job, last: datetime, now: datetime) -> datetime | None:
    """The moment to run for; None where nothing is due."""
    if job.catch_up == "each day":
        return next(job.due(last, now), None)
    newest = job.last_due(now)
    return newest if newest > last else None


def _queue_moment(job: Job, line: JobLine, due: datetime) -> JobRun | None:
    """Queue a run, unless another process was first."""
    wanted = is_wanted(job)
    with transaction.atomic():
        moved = JobLine.objects.filter(name=line.name, last_due=line.last_due).update(last_due=due)
        if not moved or not wanted:
            return None
        run = _add(job, due)
        if run is None and not JobRun.objects.filter(job=job.name, key="", due=due).exists():
            # A user requested a run just now: the scheduled one comes after it.
            transaction.set_rollback(True)
        return run


def _add(job: Job, due: datetime, **fields: Any) -> JobRun | None:
    """A run and its message in the queue, committed together; None where it exists already."""
    try:
        with transaction.atomic():
            run = JobRun.objects.create(job=job.name, due=due, queue=job.queue, **fields)
            _send(run)
    except IntegrityError:
        return None
    return run


def _send(run: JobRun) -> None:
    async_task(TASK, run.pk, cluster=run.queue, task_name=f"{run.job} {run.pk}", save=False)


def _reset_to_earlier_clock(job: Job, line: JobLine, now: datetime) -> JobLine:
    """Go on with the new time: runs for moments that are in the future again are forgotten."""
    log.warning(
        "the clock went back: %s was last due at %s, it is %s",
        job.name,
        line.last_due.isoformat(),
        now.isoformat(),
    )
    with transaction.atomic():
        ahead = JobRun.objects.filter(job=job.name, key="", due__gt=now)
        ahead.exclude(state__in=ACTIVE).delete()
        due = job.last_due(now)
        JobLine.objects.filter(name=line.name, last_due=line.last_due).update(last_due=due)
    line.last_due = due
    return line


def run_now(job: Job, user: Any = None) -> JobRun | None:
    """Queue a run for this moment; None where one is queued or running already."""
    return _add(job, clock.now(), requested_by=user)


def submit(name: str, key: str, arguments: dict[str, Any], user: Any = None) -> JobRun | None:
    """Queue a run on request; ``arguments`` is JSON. Runs with different keys run side by side.

    None where one with this key is queued or running. Raises KeyError for an unknown job.
    """
    job = find(name)
    if job is None:
        raise KeyError(name)
    return _add(job, clock.now(), key=key, arguments=arguments, requested_by=user)


def resend_lost(queue: str, now: datetime | None = None) -> int:
    """Send runs again that wait although the queue is empty; return how many.

    A second message for one run does no harm: the ledger starts it once.
    """
    now = now or clock.now()
    waiting = JobRun.objects.filter(queue=queue, state=JobRun.State.QUEUED)
    lost = list(waiting.filter(queued_at__lt=now - SETTLED))
    if not lost or OrmQ.objects.filter(key=queue).exists():
        return 0
    for run in lost:
        log.warning("run %d of %s was lost from the queue: sent again", run.pk, run.job)
        _send(run)
    return len(lost)

"""Which runs are queued: those that fell due, those that people asked for, those that were lost."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.tasks import async_task

from analytics.jobs.tasks import LAST, Job
from analytics.models import JobLine, JobRun
from trading import clock

from .timetable import find, is_wanted, timetable

log = logging.getLogger("analytics.jobs")
TASK = "analytics.jobs.runs.run"
SETTLED = timedelta(seconds=30)  # a run without its row in the queue for longer was lost
SKEW = timedelta(seconds=5)  # the clocks of two machines may differ by so much
ACTIVE = JobRun.ACTIVE


def enqueue_due(now: datetime | None = None, jobs: Iterable[Job] | None = None) -> list[JobRun]:
    """Queue what fell due up to now and was not queued yet; return the runs.

    Of moments missed the newest one counts, or, for jobs that catch up, the oldest: the rest
    follow one by one, as each ends. A job that is still queued or running is left alone.
    """
    now = now or clock.now()
    chosen = {job.name: job for job in (timetable() if jobs is None else jobs) if job.timed}
    lines = JobLine.objects.filter(name__in=chosen)
    busy = set(JobRun.objects.filter(state__in=ACTIVE, key="").values_list("job", flat=True))
    queued = []
    for line in lines:
        job = chosen[line.name]
        if line.last_due > now + SKEW:
            line = _clock_went_back(job, line, now)
        due = _next(job, line.last_due, now)
        if due is None or line.name in busy:
            continue
        run = _queue_moment(job, line, due)
        if run:
            queued.append(run)
    return queued


def make_up(name: str, since: datetime) -> None:
    """Let a job fall due again for what lies after a moment, as if nothing had run since."""
    JobLine.objects.filter(name=name, last_due__gt=since).update(last_due=since)


def next_moment(now: datetime) -> datetime:
    """When the next line of the timetable falls due."""
    return min((job.next_due(now) for job in timetable()), default=LAST)


def _next(job: Job, last: datetime, now: datetime) -> datetime | None:
    """The moment to run for; None where none fell due since the last one."""
    if job.catch_up == "each day":
        return next(job.due(last, now), None)
    newest = job.last_due(now)
    return newest if newest > last else None


def _queue_moment(job: Job, line: JobLine, due: datetime) -> JobRun | None:
    """Queue it, unless another process was first."""
    wanted = is_wanted(job)
    with transaction.atomic():
        moved = JobLine.objects.filter(name=line.name, last_due=line.last_due).update(last_due=due)
        if not moved or not wanted:
            return None
        run = _add(job, due)
        if run is None and not JobRun.objects.filter(job=job.name, key="", due=due).exists():
            # Somebody asked for a run at this very moment: this one comes after it.
            transaction.set_rollback(True)
        return run


def _add(job: Job, due: datetime, **fields: Any) -> JobRun | None:
    """A run with its row in the queue, committed together; None where it is there already."""
    try:
        with transaction.atomic():
            run = JobRun.objects.create(job=job.name, due=due, queue=job.queue, **fields)
            _send(run)
    except IntegrityError:
        return None
    return run


def _send(run: JobRun) -> None:
    # The broker shares the database: inside the transaction on purpose.
    broker = get_broker(run.queue)
    async_task(TASK, run.pk, broker=broker, task_name=f"{run.job} {run.pk}", save=False)
    run.message = broker.newest
    run.save(update_fields=["message"])


def _clock_went_back(job: Job, line: JobLine, now: datetime) -> JobLine:
    """Go on with the new time: what was done in a future that is not yet here counts no more."""
    log.warning(
        "the clock went back: %s last fell due at %s, it is %s",
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
    """Queue a run on request, with arguments that JSON holds, beside those of other keys.

    None where one with this key is queued or running. Raises KeyError for a job that there is not.
    """
    job = find(name)
    if job is None:
        raise KeyError(name)
    return _add(job, clock.now(), key=key, arguments=arguments, requested_by=user)


def reconcile(now: datetime | None = None) -> int:
    """Queue again what has lost its row in the queue; return how many runs that were."""
    now = now or clock.now()
    there = OrmQ.objects.filter(pk=OuterRef("message"))
    lost = JobRun.objects.filter(
        ~Exists(there), state__in=ACTIVE, queued_at__lt=now - SETTLED
    ).values_list("pk", flat=True)
    return sum(_send_again(pk) for pk in list(lost))


def _send_again(pk: int) -> bool:
    with transaction.atomic():
        run = JobRun.objects.select_for_update().filter(pk=pk, state__in=ACTIVE).first()
        if run is None or OrmQ.objects.filter(pk=run.message).exists():
            return False
        log.warning("run %d of %s was lost from the queue: queued again", pk, run.job)
        JobRun.objects.filter(pk=pk).update(state=JobRun.State.QUEUED, owner="", pid=None)
        _send(run)
    return True

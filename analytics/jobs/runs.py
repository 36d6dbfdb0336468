"""One run under the ledger: it starts at most three times, and ends once.

The queue delivers a message at least once, and again for ever when the process that runs it dies.
So a run is first marked as started, in a transaction of its own; a process that dies leaves that
mark behind, and the fourth start is refused.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django_q.models import OrmQ

from analytics.jobs.tasks import Job
from analytics.models import JobLine, JobRun
from trading import clock

from .timetable import find, function

log = logging.getLogger("analytics.jobs")
State = JobRun.State
STARTS = 3
LONGEST_SUMMARY = 20_000  # characters of its JSON
REQUEUED = {"state": State.QUEUED, "owner": "", "pid": None}
OWNER = "SELFLEARN_WORKER"  # environment variable: the process group that this process belongs to


def run(pk: int) -> str:
    """Do a queued run and write its outcome; return a word for the log of the queue.

    Raises only where the database is away, so that the queue keeps nothing that was answered.
    """
    job_run = _start(pk)
    if job_run is None:
        return "nothing to do"
    answer = "given up" if job_run.state == State.DEAD else _do(job_run)
    job = find(job_run.job)
    if job and job.timed:
        # The next missed moment, or one that became due meanwhile.
        from .queue import enqueue_due

        enqueue_due(jobs=[job])
    return answer


def _do(job_run: JobRun) -> str:
    """Call its function and write the outcome: "ok" or "failed"."""
    began = time.monotonic()
    try:
        summary, error = _call(job_run), ""
    except (Exception, SystemExit) as raised:  # django-q2's timeout is a SystemExit
        log.exception("job %s failed", job_run.job)
        summary, error = None, last_line(raised)
    state = State.FAILED if error else State.OK
    _end(job_run, state, time.monotonic() - began, error, summary)
    return str(state)


def _start(pk: int) -> JobRun | None:
    """Mark it as started, or as given up after too many starts; None where it must not run."""
    with transaction.atomic():
        # The queue may deliver twice: only one delivery finds it queued.
        job_run = JobRun.objects.select_for_update().filter(pk=pk, state=State.QUEUED).first()
        if job_run is None:
            return None
        if job_run.attempts >= STARTS:
            error = f"given up: the process died each of the {STARTS} times it was started"
            log.error("job %s, run %d: %s", job_run.job, pk, error)
            _end(job_run, State.DEAD, None, error, None)
            job_run.state = State.DEAD
            return job_run
        job_run.state, job_run.attempts = State.RUNNING, job_run.attempts + 1
        job_run.owner, job_run.pid = os.environ.get(OWNER, ""), os.getpid()
        job_run.started_at = clock.now()
        job_run.save(update_fields=["state", "attempts", "owner", "pid", "started_at"])
    return job_run


def _call(job_run: JobRun) -> Any:
    job = find(job_run.job)
    if job is None:
        raise LookupError(f"the timetable has no job {job_run.job!r} any more")
    return checked(job, function(job)(as_of=job_run.due, **job_run.arguments))


def checked(job: Job, summary: Any) -> Any:
    """The summary as JSON would give it back. Raises TypeError for what JSON cannot hold."""
    text = json.dumps(summary)
    if len(text) > LONGEST_SUMMARY:
        log.warning("the summary of %s is too long to be kept: %d characters", job.name, len(text))
        return {"summary": text[:1000] + " ..."}
    return json.loads(text)


def _end(job_run: JobRun, state: str, seconds: float | None, error: str, summary: Any) -> None:
    """Write the outcome and count it, both or neither."""
    outcome = {"state": state, "seconds": seconds, "error": error, "summary": summary}
    with transaction.atomic():
        # Not where it was taken from this process and started again elsewhere.
        same_start = JobRun.objects.filter(
            pk=job_run.pk, state=job_run.state, owner=job_run.owner, pid=job_run.pid
        )
        if same_start.update(**outcome, ended_at=clock.now()):
            counter = f"{state}_runs"
            JobLine.objects.filter(name=job_run.job).update(
                **{counter: F(counter) + 1}, seconds=F("seconds") + (seconds or 0.0)
            )


def last_line(error: BaseException) -> str:
    """The type and the last line of an error, in at most 500 printable characters."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__
    return "".join(c if c.isprintable() else " " for c in text)[:500]


def release(queue: str, owner: str, survivors: Collection[int] = ()) -> int:
    """Let the runs of a process group that is gone start again; return how many.

    ``survivors``: processes that lived until the group was killed. They were not the cause, so
    the starts of their runs do not count.
    """
    running = JobRun.objects.filter(queue=queue, owner=owner, state=State.RUNNING)
    running.filter(pid__in=survivors, attempts__gt=0).update(attempts=F("attempts") - 1)
    count = running.update(**REQUEUED)
    _unlock(queue)
    return count


def release_overdue(queue: str, limit: timedelta) -> int:
    """Let runs start again that ended without writing it down: they started longer ago."""
    running = JobRun.objects.filter(queue=queue, state=State.RUNNING)
    count = running.filter(started_at__lt=clock.now() - limit).update(**REQUEUED)
    if count:
        _unlock(queue)
    return count


def _unlock(queue: str) -> None:
    """Have fetched messages delivered again: twice does no harm, and "retry" is long."""
    now = clock.machine_now()
    OrmQ.objects.filter(key=queue, lock__gt=now).update(lock=now)

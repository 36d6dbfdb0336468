"""One run under the ledger: it starts at most three times, and ends once.

The queue delivers a task at least once, and again for ever when the process that runs it dies.
So a run is first marked as started, in a transaction of its own; a process that dies leaves that
mark behind, and the fourth start is refused.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import F

from analytics.jobs.tasks import Job
from analytics.models import JobLine, JobRun
from trading import clock

from .timetable import find, function

log = logging.getLogger("analytics.jobs")
State = JobRun.State
STARTS = 3
LONGEST_SUMMARY = 20_000  # characters of its JSON
owner = ""  # of the tasks of this process: set by the worker that it belongs to


def run(pk: int) -> str:
    """Do a queued run, whatever happens; the answer is a word for the log of the queue.

    Never raises but where the database is away, so that the queue drops what was answered.
    """
    found = _start(pk)
    if found is None:
        return "nothing to do"
    if found.state == State.DEAD:
        return "given up"
    began = time.monotonic()
    try:
        summary, error = _call(found), ""
    except (Exception, SystemExit) as raised:  # what it is told when it takes too long is an exit
        log.exception("job %s failed", found.job)
        summary, error = None, last_line(raised)
    _end(found, State.FAILED if error else State.OK, time.monotonic() - began, error, summary)
    job = find(found.job)
    if job and job.timed:
        # What fell due meanwhile, or is still missing from a time when nothing ran.
        from .queue import enqueue_due

        enqueue_due(jobs=[job])
    return "failed" if error else "ok"


def _start(pk: int) -> JobRun | None:
    """Mark it as started, or as given up after too many starts; None where it is not to run."""
    with transaction.atomic():
        # The queue may deliver twice: only one delivery finds it queued.
        found = JobRun.objects.select_for_update().filter(pk=pk, state=State.QUEUED).first()
        if found is None:
            return None
        if found.attempts >= STARTS:
            error = f"given up: the process died each of the {STARTS} times it was started"
            log.error("job %s, run %d: %s", found.job, pk, error)
            _end(found, State.DEAD, None, error, None)
            found.state = State.DEAD
            return found
        found.state, found.attempts = State.RUNNING, found.attempts + 1
        found.owner, found.pid, found.started_at = owner, os.getpid(), clock.now()
        found.save(update_fields=["state", "attempts", "owner", "pid", "started_at"])
    return found


def _call(found: JobRun) -> Any:
    job = find(found.job)
    if job is None:
        raise LookupError(f"the timetable has no job {found.job!r} any more")
    return checked(job, function(job)(as_of=found.due, **found.arguments))


def checked(job: Job, summary: Any) -> Any:
    """The summary as JSON would give it back. Raises TypeError for what JSON cannot hold."""
    text = json.dumps(summary)
    if len(text) > LONGEST_SUMMARY:
        log.warning("the summary of %s is too long to be kept: %d characters", job.name, len(text))
        return {"summary": text[:1000] + " ..."}
    return json.loads(text)


def _end(found: JobRun, state: str, seconds: float | None, error: str, summary: Any) -> None:
    """Write the outcome and count it, both or neither."""
    outcome = {"state": state, "seconds": seconds, "error": error, "summary": summary}
    with transaction.atomic():
        # Not where it was taken from this process and started again elsewhere.
        ours = JobRun.objects.filter(
            pk=found.pk, state=found.state, owner=found.owner, pid=found.pid
        )
        if ours.update(**outcome, ended_at=clock.now()):
            counter = f"{state}_runs"
            JobLine.objects.filter(name=found.job).update(
                **{counter: F(counter) + 1}, seconds=F("seconds") + (seconds or 0.0)
            )


def last_line(error: BaseException) -> str:
    """What went wrong, in one line that fits its column."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__
    return "".join(c if c.isprintable() else " " for c in text)[:500]


def release(
    dead: Iterable[str], innocent: Mapping[str, Collection[int]] = MappingProxyType({})
) -> int:
    """Let what these owners were running be started again; return how many runs that were.

    ``innocent``: by owner, the processes that were alive when another one died. What they ran
    was not the cause: their start does not count.
    """
    count = 0
    for name in dead:
        running = JobRun.objects.filter(owner=name, state=State.RUNNING)
        pids = innocent.get(name, ())
        running.filter(pid__in=pids, attempts__gt=0).update(attempts=F("attempts") - 1)
        count += running.update(state=State.QUEUED, owner="", pid=None)
    return count


def excuse(name: str) -> None:
    """Do not hold it against what this owner runs that the worker is being stopped."""
    JobRun.objects.filter(owner=name, state=State.RUNNING, attempts__gt=0).update(
        attempts=F("attempts") - 1
    )

"""The timetable in use, and its rows in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from analytics.jobs.tasks import Job
from analytics.models import JobLine
from trading import clock

from . import schedules

log = logging.getLogger("analytics.jobs")


def timetable() -> tuple[Job, ...]:
    """The jobs in use: ``settings.TIMETABLE`` names them."""
    jobs: tuple[Job, ...] = import_string(settings.TIMETABLE)
    return jobs


def find(name: str) -> Job | None:
    """The job of this name; None for one that is no longer in the timetable."""
    return next((job for job in timetable() if job.name == name), None)


def function(job: Job) -> Callable[..., Any]:
    """The function that it calls. Raises ImportError where there is none."""
    target: Callable[..., Any] = import_string(job.function)
    return target


def is_wanted(job: Job) -> bool:
    """Whether there is anything for it to do in this installation.

    True where its ``wanted`` raises: the run then shows the error, and no other job is stopped.
    """
    if not job.wanted:
        return True
    try:
        return bool(import_string(job.wanted)())
    except Exception:
        log.exception("%s: its condition cannot be evaluated", job.name)
        return True


def sync() -> dict[str, list[str]]:
    """Bring ledger and schedules to the timetable; a second call changes nothing.

    Returns the names of the jobs added and removed.
    """
    now = clock.now()
    changes = sync_lines(now)
    timed = [job for job in timetable() if job.timed]
    done = dict(JobLine.objects.values_list("name", "last_due"))
    behind = {job.name for job in timed if done[job.name] < job.last_due(now)}
    schedules.sync(timed, () if clock.simulated() else behind)
    return changes


def sync_lines(now: datetime) -> dict[str, list[str]]:
    """A line of the ledger for each job; a new job first runs when it is due after ``now``."""
    timed = {job.name: job for job in timetable() if job.timed}
    known = set(JobLine.objects.values_list("name", flat=True))
    new, stale = sorted(set(timed) - known), sorted(known - set(timed))
    if new or stale:
        lines = [JobLine(name=n, since=now, last_due=timed[n].last_due(now)) for n in new]
        with transaction.atomic():
            # Two processes that start together both want to add them.
            JobLine.objects.bulk_create(lines, ignore_conflicts=True)
            JobLine.objects.filter(name__in=stale).delete()
    return {"added": new, "removed": stale}

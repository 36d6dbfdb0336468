"""The timetable in use, and its lines in the database."""

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

log = logging.getLogger("analytics.jobs")


def timetable() -> tuple[Job, ...]:
    """The lines in use: ``settings.TIMETABLE`` names them."""
    return import_string(settings.TIMETABLE)


def find(name: str) -> Job | None:
    """The job of this name; None for one that is no longer in the timetable."""
    return next((job for job in timetable() if job.name == name), None)


def function(job: Job) -> Callable[..., Any]:
    """What it calls. Raises ImportError where there is no such function."""
    return import_string(job.function)


def is_wanted(job: Job) -> bool:
    """Whether there is anything for it to do in this installation.

    Where that cannot be told it is said to be: one job must not stop the others, and its run will
    show what is wrong.
    """
    if not job.wanted:
        return True
    try:
        return bool(import_string(job.wanted)())
    except Exception:
        log.exception("whether there is anything to do for %s cannot be told", job.name)
        return True


def sync(now: datetime | None = None) -> dict[str, list[str]]:
    """Bring the lines of the database to those of the code; doing it again changes nothing.

    A new job first runs when it falls due after this moment. Returns the names added and removed.
    """
    now = now or clock.now()
    timed = {job.name: job for job in timetable() if job.timed}
    known = set(JobLine.objects.values_list("name", flat=True))
    new, gone = sorted(set(timed) - known), sorted(known - set(timed))
    if new or gone:
        lines = [JobLine(name=n, since=now, last_due=timed[n].last_due(now)) for n in new]
        with transaction.atomic():
            # Two processes that start together both want to add them.
            JobLine.objects.bulk_create(lines, ignore_conflicts=True)
            JobLine.objects.filter(name__in=gone).delete()
    return {"added": new, "removed": gone}

"""Deletes old rows of the ledger of runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.models import JobRun

from .timetable import timetable

FREQUENT = timedelta(hours=1)
KEPT_FREQUENT = timedelta(days=2)  # successful runs of jobs with a shorter period than FREQUENT
KEPT = timedelta(days=60)


def prune(as_of: datetime) -> dict[str, int]:
    """Delete old runs: successful ones of frequent jobs after 2 days, all others after 60."""
    frequent = [job.name for job in timetable() if job.period < FREQUENT]
    ended = JobRun.objects.exclude(state__in=JobRun.ACTIVE)
    successful = ended.filter(job__in=frequent, state=JobRun.State.OK)
    deleted = successful.filter(due__lt=as_of - KEPT_FREQUENT).delete()[0]
    return {"runs": deleted + ended.filter(due__lt=as_of - KEPT).delete()[0]}

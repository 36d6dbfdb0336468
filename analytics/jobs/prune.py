"""What is forgotten of runs that ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from analytics.models import Effect, JobRun

from .timetable import timetable

OFTEN = timedelta(hours=1)
KEPT_OFTEN = timedelta(days=2)  # good runs of jobs that run more often than hourly
KEPT = timedelta(days=60)


def prune(as_of: datetime) -> dict[str, Any]:
    """Delete old runs, those that went wrong later than the good ones of busy jobs."""
    busy = [job.name for job in timetable() if job.period < OFTEN]
    ended = JobRun.objects.exclude(state__in=JobRun.ACTIVE)
    good = ended.filter(job__in=busy, state=JobRun.State.OK, due__lt=as_of - KEPT_OFTEN)
    runs = good.delete()[0] + ended.filter(due__lt=as_of - KEPT).delete()[0]
    effects = Effect.objects.filter(at__lt=as_of - KEPT).delete()[0]
    return {"runs": runs, "effects": effects}

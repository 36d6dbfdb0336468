"""Jobs in simulated time: what is due on the way runs at once, in order, in this process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics.jobs.tasks import Job
from analytics.models import JobLine
from trading import clock

from .runs import checked, last_line
from .timetable import function, is_wanted, sync_lines, timetable


def live_through(before: datetime | None, to: datetime) -> list[dict[str, Any]]:
    """Run each job of the timetable for every moment after ``before``, up to and with ``to``.

    Jobs that are due together run in the order of the timetable. Nothing is due when the clock is
    first set. Returns the "events" of their summaries, with job and moment; a job that raises is
    an event too. A move that was interrupted is repeated by the next one from where it began.
    """
    if before is None:
        sync_lines(to)
        JobLine.objects.update(last_due=to)
        return []
    sync_lines(before)
    done = dict(JobLine.objects.values_list("name", "last_due"))
    jobs = [job for job in timetable() if job.simulated and job.timed and is_wanted(job)]
    due = sorted(
        (moment, place)
        for place, job in enumerate(jobs)
        for moment in job.due(min(done[job.name], before), to)
    )
    events: list[dict[str, Any]] = []
    for moment, place in due:
        events += _events(jobs[place], moment)
    JobLine.objects.update(last_due=to)
    return events


def _events(job: Job, moment: datetime) -> list[dict[str, Any]]:
    mark = {"job": job.name, "as_of": moment.isoformat().replace("+00:00", "Z")}
    try:
        with clock.at(moment):
            summary = checked(job, function(job)(as_of=moment))
    except Exception as error:
        return [{**mark, "type": "job_failed", "error": last_line(error)}]
    events = summary.get("events", ()) if isinstance(summary, dict) else ()
    return [{**mark, **event} for event in events]

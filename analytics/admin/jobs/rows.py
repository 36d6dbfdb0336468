"""The text of the pages of jobs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.urls import reverse

from analytics.jobs import status
from analytics.jobs.runs import STARTS
from analytics.jobs.status import Standing
from analytics.models import JobRun
from trading import formatting
from trading.admin.keyset import Column
from trading.formatting import Cell

# Label and tone of each state.
STATES = {
    "ok": ("OK", "gain"),
    "late": ("Late", "warn"),
    "failed": ("Failed", "loss"),
    "dead": ("Given up", "loss"),
    "running": ("Running", ""),
    "waiting": ("Not yet run", ""),
    "off": ("Nothing to do", ""),
}
RUN_TONES = {"ok": "gain", "failed": "loss", "dead": "loss"}
MEANINGS = {
    "late": "It should be done by now: check that the worker runs, and what it is doing.",
    "failed": "The newest run raised an error. The job runs again when it is next due.",
    "dead": f"The process died in each of {STARTS} attempts, so the run was given up. The job runs "
    "again when it is next due.",
    "off": "There is nothing for it to do at present.",
    "waiting": "It has not been due since it was added to this installation.",
}


def worker(now: datetime) -> dict[str, Any]:
    """The state of the worker."""
    workers, queues = status.workers(now), status.queues(now)
    short = workers["short"]
    silent = short["silent_seconds"]
    waiting = sum(queue["waiting"] for queue in queues.values())
    oldest = max(queue["oldest_seconds"] for queue in queues.values())
    return {
        "alive": silent is not None and silent <= status.SILENT.total_seconds(),
        "seen": None if silent is None else f"{formatting.duration(round(silent))} ago",
        "waiting": waiting,
        "oldest": formatting.duration(round(oldest)) if waiting else "",
        "restarts": sum(group["restarts"] for group in workers.values()),
    }


def row(standing: Standing, now: datetime) -> dict[str, Any]:
    """One row of the list."""
    title, tone = STATES[standing.state]
    due = None if standing.state == "off" else standing.next_due
    return {
        "name": standing.job.name,
        "title": standing.job.title,
        "schedule": standing.job.schedule,
        "queue": standing.job.queue,
        "url": reverse("admin:analytics_jobline_change", args=[standing.job.name]),
        "state": title,
        "tone": tone,
        "meaning": MEANINGS.get(standing.state, ""),
        "last": standing.last,
        "ago": _ago(standing.last, now),
        "took": took(standing.last),
        "next": due,
        "in": formatting.duration(max(0, round((due - now).total_seconds()))) if due else "",
        "when": _when(standing),
        "busy": standing.active is not None,
        "timed": standing.job.timed,
        "history": _history(standing),
    }


def _ago(last: JobRun | None, now: datetime) -> str:
    if last is None or last.ended_at is None:
        return ""
    return f"{formatting.duration(max(0, round((now - last.ended_at).total_seconds())))} ago"


def took(run: JobRun | None) -> str:
    """Its duration, to a hundredth of a second; empty where it has not ended."""
    if run is None or run.seconds is None:
        return ""
    return formatting.duration(round(run.seconds, 2))


def _when(standing: Standing) -> str:
    """When it runs next, where no moment is known."""
    if standing.state == "off":
        return "when there is something to do"
    return "when the clock is moved" if standing.job.timed else "on request"


def _history(standing: Standing) -> list[dict[str, str]]:
    """Recent runs, oldest first, as marks that can be distinguished without colours."""
    return [
        {
            "tone": RUN_TONES.get(run.state, ""),
            "mark": {"ok": "●", "failed": "✕", "dead": "✕"}.get(run.state, "○"),
            "title": f"{run.due:%Y-%m-%d %H:%M:%S} UTC: {run.get_state_display()}",
        }
        for run in reversed(standing.recent)
    ]


def facts(standing: Standing) -> list[tuple[str, Cell]]:
    """The settings of a job and the totals of its runs."""
    job, line = standing.job, standing.line
    cells = [
        ("Schedule", Cell(job.schedule)),
        ("Missed runs", Cell(_catch_up(standing))),
        ("Late after", Cell(formatting.duration(job.grace.total_seconds()))),
        ("Queue", Cell(job.queue)),
        ("Name", Cell(job.name, "code")),
    ]
    if line:
        cells += [
            ("Added (UTC)", formatting.moment(line.since)),
            ("Successful runs", formatting.count(line.ok_runs)),
            ("Failed runs", formatting.count(line.failed_runs)),
            ("Given up", formatting.count(line.dead_runs)),
            ("Total duration", Cell(formatting.duration(line.seconds))),
        ]
    return cells


def _catch_up(standing: Standing) -> str:
    if not standing.job.timed:
        return "none: it runs on request"
    if standing.job.catch_up == "each day":
        return "each is made up for, in order"
    return "one run makes up for all"


COLUMNS = (
    Column("Scheduled for (UTC)", lambda run: formatting.moment(run.due), "time"),
    Column("State", lambda run: _state(run)),
    Column("Ended (UTC)", lambda run: formatting.moment(run.ended_at, "Not ended yet.")),
    Column("Duration", lambda run: Cell(took(run) or formatting.NOTHING, "number"), "number"),
    Column("Attempts", lambda run: formatting.count(run.attempts), "number"),
    Column("Triggered by", lambda run: _who(run)),
    Column("Result", lambda run: _outcome(run), "long"),
)


def run_cells(run: JobRun) -> list[Cell]:
    return [column.cell(run) for column in COLUMNS]


def _state(run: JobRun) -> Cell:
    return Cell(run.get_state_display(), "text", RUN_TONES.get(run.state, ""))


def _who(run: JobRun) -> Cell:
    if run.requested_by:
        return Cell(str(run.requested_by))
    return Cell("Schedule")


def _outcome(run: JobRun) -> Cell:
    if run.error:
        return Cell(run.error, "long", "loss")
    if run.summary is None:
        return formatting.nothing("No result.")
    if isinstance(run.summary, dict):
        parts = [
            f"{formatting.label(name)}: {_plain(value)}" for name, value in run.summary.items()
        ]
        text = ", ".join(parts) or "nothing"
    else:
        text = _plain(run.summary)
    return Cell(text if len(text) <= 200 else f"{text[:200]} ...", "long")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return formatting.value(value)

"""What the pages of jobs say, in plain words."""

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

# What each state is called, and the tone in which it is said.
STATES = {
    "ok": ("OK", "gain"),
    "late": ("Late", "warn"),
    "failed": ("Failed", "loss"),
    "dead": ("Given up", "loss"),
    "running": ("At work", ""),
    "waiting": ("Not yet run", ""),
    "off": ("Nothing to do", ""),
}
RUN_TONES = {"ok": "gain", "failed": "loss", "dead": "loss"}
MEANINGS = {
    "late": "It should have been done by now: look whether the worker runs, and at what it does.",
    "failed": "The newest run raised an error. It is tried again when it next falls due.",
    "dead": f"The process died each of the {STARTS} times it was started, so it was given up. It "
    "is tried again when it next falls due.",
    "off": "There is nothing here for it to do at present.",
    "waiting": "It has not fallen due yet since this installation knows it.",
}


def worker(now: datetime) -> dict[str, Any]:
    """Whether the work is being done at all."""
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
        "restarts": sum(one["restarts"] for one in workers.values()),
    }


def row(one: Standing, now: datetime) -> dict[str, Any]:
    """One line of the list."""
    title, tone = STATES[one.state]
    due = None if one.state == "off" else one.next_due
    return {
        "name": one.job.name,
        "title": one.job.title,
        "schedule": one.job.schedule,
        "queue": one.job.queue,
        "url": reverse("admin:analytics_jobline_change", args=[one.job.name]),
        "state": title,
        "tone": tone,
        "meaning": MEANINGS.get(one.state, ""),
        "last": one.last,
        "ago": _ago(one.last, now),
        "took": took(one.last),
        "next": due,
        "in": formatting.duration(max(0, round((due - now).total_seconds()))) if due else "",
        "when": _when(one),
        "busy": one.active is not None,
        "timed": one.job.timed,
        "history": _history(one),
    }


def _ago(last: JobRun | None, now: datetime) -> str:
    if last is None or last.ended_at is None:
        return ""
    return f"{formatting.duration(max(0, round((now - last.ended_at).total_seconds())))} ago"


def took(run: JobRun | None) -> str:
    """How long it took, to the hundredth of a second; empty where it has not ended."""
    if run is None or run.seconds is None:
        return ""
    return formatting.duration(round(run.seconds, 2))


def _when(one: Standing) -> str:
    """What stands where no moment can be told."""
    if one.state == "off":
        return "when there is something to do"
    return "as the clock is moved" if one.job.timed else "when asked for"


def _history(one: Standing) -> list[dict[str, str]]:
    """The newest runs, oldest first, as marks that can be told apart without colours."""
    return [
        {
            "tone": RUN_TONES.get(run.state, ""),
            "mark": {"ok": "●", "failed": "✕", "dead": "✕"}.get(run.state, "○"),
            "title": f"{run.due:%Y-%m-%d %H:%M:%S} UTC: {run.get_state_display()}",
        }
        for run in reversed(one.recent)
    ]


def facts(one: Standing) -> list[tuple[str, Cell]]:
    """What is fixed about a job, and what it has come to so far."""
    job, line = one.job, one.line
    found = [
        ("Runs", Cell(job.schedule)),
        ("When runs were missed", Cell(_catch_up(one))),
        ("Late after", Cell(formatting.duration(job.grace.total_seconds()))),
        ("Queue", Cell(job.queue)),
        ("Name", Cell(job.name, "code")),
    ]
    if line:
        found += [
            ("Known since (UTC)", formatting.moment(line.since)),
            ("Runs that went well", formatting.count(line.ok_runs)),
            ("that failed", formatting.count(line.failed_runs)),
            ("that were given up", formatting.count(line.dead_runs)),
            ("Time spent", Cell(formatting.duration(line.seconds))),
        ]
    return found


def _catch_up(one: Standing) -> str:
    if not one.job.timed:
        return "it runs when it is asked for"
    if one.job.catch_up == "each day":
        return "each is made up for, in order"
    return "one run makes up for all"


COLUMNS = (
    Column("For the moment (UTC)", lambda run: formatting.moment(run.due), "time"),
    Column("Outcome", lambda run: _state(run)),
    Column("Ended (UTC)", lambda run: formatting.moment(run.ended_at, "It has not ended.")),
    Column("Took", lambda run: Cell(took(run) or formatting.NOTHING, "number"), "number"),
    Column("Starts", lambda run: formatting.count(run.attempts), "number"),
    Column("Asked for by", lambda run: _who(run)),
    Column("What came of it", lambda run: _outcome(run), "long"),
)


def run_cells(run: JobRun) -> list[Cell]:
    return [column.cell(run) for column in COLUMNS]


def _state(run: JobRun) -> Cell:
    return Cell(run.get_state_display(), "text", RUN_TONES.get(run.state, ""))


def _who(run: JobRun) -> Cell:
    if run.requested_by:
        return Cell(str(run.requested_by))
    return Cell(formatting.NOTHING, title="It fell due.")


def _outcome(run: JobRun) -> Cell:
    if run.error:
        return Cell(run.error, "long", "loss")
    if run.summary is None:
        return formatting.nothing("It returned nothing.")
    if isinstance(run.summary, dict):
        parts = [
            f"{formatting.label(name)}: {_plain(value)}" for name, value in run.summary.items()
        ]
        text = ", ".join(parts) or "nothing"
    else:
        text = _plain(run.summary)
    return Cell(text if len(text) <= 200 else f"{text[:200]} ...", "long")


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return formatting.value(value)

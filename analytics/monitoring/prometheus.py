"""Prometheus text: what a monitor outside wants to plot and to be woken by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from analytics.jobs import status
from analytics.models import Alert, JobLine
from selflearn import database, request_counts
from trading.db import row_counts

Sample = tuple[dict[str, str], Any]


def text() -> str:
    """All metrics in the text format 0.0.4."""
    families = (*_web(), *_store(), *_worker(), *_jobs())
    return "".join(family(*parts) for parts in families)


def family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    """One metric; a sample of None, which was never measured, is left out."""
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        if value is not None:
            inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            lines.append(f"{name}{{{inside}}} {value}" if inside else f"{name} {value}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _web() -> Sequence[tuple]:
    answers, seconds = request_counts.totals()
    return (
        (
            "selflearn_http_requests_total",
            "counter",
            "Answers by class of status.",
            [({"class": name}, number) for name, number in answers.items()],
        ),
        (
            "selflearn_http_request_seconds_total",
            "counter",
            "Time spent on them.",
            [({}, round(seconds, 6))],
        ),
    )


def _store() -> Sequence[tuple]:
    return (
        (
            "selflearn_trades_stored",
            "gauge",
            "Trades stored; an estimate above 100 000.",
            [({}, row_counts.trades())],
        ),
        ("selflearn_database_bytes", "gauge", "Size of the database.", [({}, database.size())]),
        ("selflearn_alerts_open", "gauge", "Alerts that are open.", [({}, alerts_open())]),
    )


def alerts_open() -> int:
    return Alert.objects.exclude(state=Alert.State.RESOLVED).count()


def _worker() -> Sequence[tuple]:
    workers, queues = status.workers(), status.queues()

    def each(found: dict, key: str) -> list[Sample]:
        return [({"queue": name}, values[key]) for name, values in found.items()]

    return (
        (
            "selflearn_worker_silent_seconds",
            "gauge",
            "Since the worker was last heard.",
            each(workers, "silent_seconds"),
        ),
        (
            "selflearn_worker_restarts",
            "gauge",
            "Of its processes, since the worker was started.",
            each(workers, "restarts"),
        ),
        ("selflearn_queue_waiting", "gauge", "Tasks that wait.", each(queues, "waiting")),
        (
            "selflearn_queue_oldest_seconds",
            "gauge",
            "How long the oldest of them has waited.",
            each(queues, "oldest_seconds"),
        ),
    )


def _jobs() -> Sequence[tuple]:
    lines = list(JobLine.objects.all())
    standings = status.standings()
    outcomes = ("ok", "failed", "dead")
    return (
        (
            "selflearn_job_runs_total",
            "counter",
            "Runs that ended.",
            [
                ({"job": line.name, "outcome": outcome}, getattr(line, f"{outcome}_runs"))
                for line in lines
                for outcome in outcomes
            ],
        ),
        (
            "selflearn_job_seconds_total",
            "counter",
            "Time spent on them.",
            [({"job": line.name}, round(line.seconds, 3)) for line in lines],
        ),
        (
            "selflearn_job_last_seconds",
            "gauge",
            "How long the newest of them took.",
            [({"job": one.job.name}, one.last and one.last.seconds) for one in standings],
        ),
        (
            "selflearn_job_last_end_timestamp_seconds",
            "gauge",
            "When it ended.",
            [
                ({"job": one.job.name}, one.last and one.last.ended_at.timestamp())
                for one in standings
            ],
        ),
        (
            "selflearn_job_late",
            "gauge",
            "1 where a run is overdue.",
            [({"job": one.job.name}, int(one.state == "late")) for one in standings],
        ),
    )

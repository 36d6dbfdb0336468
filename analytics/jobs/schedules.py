"""The timetable as django-q2 schedules, and protection from schedules that would stop the others.

django-q2 creates the tasks of all schedules that are due in one transaction: one row with bad
arguments stops every other, and a ``next_run`` that is far off stops its own.
"""

from __future__ import annotations

import ast
import copy
import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django_q.models import Schedule
from django_q.tasks import async_task

from trading import clock

from .tasks import DAY, MINUTE, WEEK, Job

log = logging.getLogger("analytics.jobs")
PREFIX = "selflearn: "  # of the names of our rows
FIRE = "analytics.jobs.fire"
UNSAVED = "{'q_options': {'save': False}}"  # the ledger keeps the result, not the queue
KIND = {DAY: Schedule.DAILY, WEEK: Schedule.WEEKLY}
LONGEST_BACKLOG = timedelta(days=366)  # django-q2 steps through it one period at a time
SOON = MINUTE  # rows of others are examined shortly before they fire


def sync(jobs: Iterable[Job], behind: Collection[str] = ()) -> None:
    """Create, repair and remove our rows; disable rows of others that django-q2 cannot run.

    ``behind``: names of jobs with missed moments, which fire at once.
    """
    now = clock.machine_now()
    wanted = {f"{PREFIX}{job.title}": job for job in jobs}
    for row in Schedule.objects.all():
        job = wanted.pop(row.name or "", None)
        if job is not None:
            _repair(row, job, now, job.name in behind)
        elif row.func == FIRE:
            row.delete()
        elif row.repeats and row.next_run and row.next_run < now + SOON:
            _disable_broken(row, now)
    for name, job in wanted.items():
        Schedule.objects.create(name=name, next_run=job.last_due(now), **_fields(job))


def _fields(job: Job) -> dict[str, Any]:
    kind = KIND.get(job.period, Schedule.MINUTES)
    return {
        "func": FIRE,
        "args": repr(job.name),
        "kwargs": UNSAVED,
        "schedule_type": kind,
        "minutes": job.period // MINUTE if kind == Schedule.MINUTES else None,
        "repeats": -1,
        "hook": None,
        "cron": None,
        "cluster": None,
        "intended_date_kwarg": None,
    }


def _repair(row: Schedule, job: Job, now: datetime, behind: bool) -> None:
    """Undo edits. A ``next_run`` that a clock or an edit moved off becomes due at once."""
    changes = {name: v for name, v in _fields(job).items() if getattr(row, name) != v}
    until = now if behind else job.next_due(now)
    if row.next_run is None or not job.last_due(now) <= row.next_run <= until:
        changes["next_run"] = job.last_due(now)
    if changes:
        # Not where the scheduler has just moved it on.
        Schedule.objects.filter(pk=row.pk, next_run=row.next_run).update(**changes)


def _disable_broken(row: Schedule, now: datetime) -> None:
    reason = _defect(row, now)
    if reason:
        Schedule.objects.filter(pk=row.pk).update(repeats=0)
        log.error('schedule %d "%s" is disabled: %s', row.pk, row.name or row.func, reason)


def _defect(row: Schedule, now: datetime) -> str:
    """Why django-q2's scheduler would fail on this row; empty where it would not."""
    if row.next_run < now - LONGEST_BACKLOG:
        return "its next run is more than a year ago"
    trial = copy.copy(row)
    try:
        with transaction.atomic():
            args, kwargs = _arguments(trial)
            if trial.schedule_type != Schedule.ONCE and not (
                trial.calculate_next_run(trial.next_run) > trial.next_run
            ):
                return "its next run does not move on"
            async_task(trial.func, *args, **kwargs)
            transaction.set_rollback(True)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _arguments(row: Schedule) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments, parsed as django-q2's scheduler does."""
    kwargs: dict[str, Any] = {}
    if row.kwargs:
        try:
            kwargs = ast.literal_eval(row.kwargs)
        except (SyntaxError, ValueError):
            with suppress(SyntaxError, ValueError):
                call = ast.parse(f"f({row.kwargs})", mode="eval").body
                keywords = call.keywords if isinstance(call, ast.Call) else ()
                kwargs = {word.arg: ast.literal_eval(word.value) for word in keywords if word.arg}
    args = ast.literal_eval(row.args) if row.args else ()
    kwargs["q_options"] = {**kwargs.get("q_options", {}), "cluster": row.cluster}
    return args if type(args) is tuple else (args,), kwargs

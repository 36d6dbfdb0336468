"""How patient the worker is, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Pace:
    sentinel: float = 20  # without a sign of life of the sentinel the cluster is killed
    main: float = 90  # the same of its main process, which may wait for the database
    drain: float = 15  # for tasks to end when the worker is asked to stop
    backoff: float = 10  # the longest wait between two starts of a cluster that never got well
    tick: float = 2  # between two looks at the timetable
    beat: float = 15  # between two signs of life in the database
    canary: float = 60  # between two tasks that only show that tasks are done
    stall: float = 20  # in which one of them is to be done, or another task
    idle: float = 60  # after which a cluster with nothing to do goes home


def pace() -> Pace:
    return Pace(**settings.WORKER_PACE)

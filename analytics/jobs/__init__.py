"""Jobs: queued when they fall due or are asked for, run under a ledger, never beside themselves."""

from .effects import once
from .queue import enqueue_due, make_up, next_moment, reconcile, run_now, submit
from .runs import release, run
from .simulated import live_through
from .timetable import find, function, sync, timetable

__all__ = [
    "enqueue_due",
    "find",
    "function",
    "live_through",
    "make_up",
    "next_moment",
    "once",
    "reconcile",
    "release",
    "run",
    "run_now",
    "submit",
    "sync",
    "timetable",
]

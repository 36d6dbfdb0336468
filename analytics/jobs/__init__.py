"""Jobs: a timetable, fired by django-q2's schedules, and a ledger that decides what runs."""

from .queue import enqueue_due, fire, make_up, resend_lost, run_now, submit
from .runs import release, release_overdue, run
from .simulated import live_through
from .timetable import find, function, sync, timetable

__all__ = [
    "enqueue_due",
    "find",
    "fire",
    "function",
    "live_through",
    "make_up",
    "release",
    "release_overdue",
    "resend_lost",
    "run",
    "run_now",
    "submit",
    "sync",
    "timetable",
]

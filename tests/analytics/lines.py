"""A timetable for tests, and functions that note when and for what they were called."""

import sys
import time
from datetime import timedelta

from analytics.jobs.tasks import Job
from trading import clock

calls = []
here = True


def note(as_of):
    calls.append(("note", as_of, clock.now()))
    return {"events": [{"type": "noted"}], "count": len(calls)}


def daily(as_of):
    calls.append(("daily", as_of, clock.now()))
    return {"events": [{"type": "day", "day": as_of.date().isoformat()}]}


def raises(as_of):
    raise ValueError("many words\nand the last line")


def sleeps(as_of):
    time.sleep(30)


def leaves(as_of):
    sys.exit(3)


def unspeakable(as_of):
    return {"at": as_of}


def claims(as_of, number):
    calls.append((number, True))


def wanted():
    return here


TIMETABLE = (
    Job("minutely", "Minutely", "tests.analytics.lines.note", every=timedelta(minutes=1)),
    Job("daily", "Daily", "tests.analytics.lines.daily", at="06:00", catch_up="each day"),
    Job("weekly", "Weekly", "tests.analytics.lines.note", at="mon 06:00", queue="long"),
    Job(
        "here",
        "Here",
        "tests.analytics.lines.note",
        at="12:00",
        simulated=False,
        wanted="tests.analytics.lines.wanted",
    ),
    Job("raises", "Raises", "tests.analytics.lines.raises"),
    Job("sleeps", "Sleeps", "tests.analytics.lines.sleeps"),
    Job("leaves", "Leaves", "tests.analytics.lines.leaves"),
    Job("unspeakable", "Unspeakable", "tests.analytics.lines.unspeakable"),
    Job("claims", "Claims", "tests.analytics.lines.claims"),
)

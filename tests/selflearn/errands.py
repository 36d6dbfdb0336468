"""Jobs for a worker under test: their effects are rows that are counted afterwards."""

import os
import signal
import time

from analytics.jobs import once
from analytics.jobs.tasks import Job
from analytics.models import Effect


def leave_a_mark(as_of, number, seconds=0.0):
    """Two rows that are there once, and one for each time it got as far as this."""
    Effect.objects.create(key=f"start {number} {os.getpid()} {time.monotonic_ns()}")
    time.sleep(seconds)
    with once(f"claim {number}") as first:
        if first:
            Effect.objects.create(key=f"effect {number}")
    return {"number": number}


def die(as_of):
    os.kill(os.getpid(), signal.SIGKILL)


def deaf(as_of):
    """As a long call of compiled code, it does not hear that its time is up."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(60)


def fail(as_of):
    raise ValueError("two lines\nof which the last says why")


TIMETABLE = (
    Job("mark", "Leave a mark", "tests.selflearn.errands.leave_a_mark"),
    Job("long_mark", "Leave a mark", "tests.selflearn.errands.leave_a_mark", queue="long"),
    Job("die", "Kill its process", "tests.selflearn.errands.die"),
    Job("deaf", "Hear nothing", "tests.selflearn.errands.deaf"),
    Job("fail", "Raise", "tests.selflearn.errands.fail"),
)

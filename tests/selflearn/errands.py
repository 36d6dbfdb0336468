"""Jobs for a worker under test: their effects are rows that are counted afterwards."""

import os
import signal
import time
from datetime import timedelta

from django_q.models import Task

from analytics.jobs.tasks import Job
from trading import clock


def record(key):
    now = clock.now()
    Task.objects.get_or_create(
        id=key, defaults={"name": key, "func": "errand", "started": now, "stopped": now}
    )


def leave_a_mark(as_of, number, seconds=0.0):
    """A row that is written once, and one for each time it got as far as this."""
    record(f"start {number} {os.getpid()} {time.monotonic_ns() % 10**9}")
    time.sleep(seconds)
    record(f"effect {number}")
    return {"number": number}


def die(as_of):
    os.kill(os.getpid(), signal.SIGKILL)


def deaf(as_of):
    """As a long call of compiled code, it does not hear that its time is up."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(60)


def tick(as_of):
    record(f"tick {as_of:%d %H:%M}")


def foreign():
    """What a schedule of somebody else calls."""
    record("foreign")


def fail(as_of):
    raise ValueError("two lines\nof which the last says why")


TIMETABLE = (
    Job("mark", "Leave a mark", "tests.selflearn.errands.leave_a_mark"),
    Job("long_mark", "Leave a mark", "tests.selflearn.errands.leave_a_mark", queue="long"),
    Job("die", "Kill its process", "tests.selflearn.errands.die"),
    Job("deaf", "Hear nothing", "tests.selflearn.errands.deaf"),
    Job("minutely", "Every minute", "tests.selflearn.errands.tick", every=timedelta(minutes=1)),
    Job("fail", "Raise", "tests.selflearn.errands.fail"),
)

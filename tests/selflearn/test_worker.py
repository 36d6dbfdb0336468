"""The worker survives the death of any of its processes, and each task has its effect once."""

import os
import random
import signal
import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from analytics import jobs
from analytics.models import JobLine, JobRun, WorkerBeat
from tests.trading.api.server import database_url

from .conftest import alive
from .working import BUSY, HEALED, KINDS, all_done, effects, keys, mark, starts, wait_for, working

State = JobRun.State


@pytest.fixture(scope="module")
def worker(django_db_setup, django_db_blocker, tmp_path_factory):
    """One worker for the tests of this module; those need ``errands``."""
    with django_db_blocker.unblock():
        url = database_url()
    with working(tmp_path_factory.mktemp("worker"), url) as started:
        yield started


def heals(worker, kind: str, busy: bool, first: int = 0, count: int = 6) -> float:
    """Kill one process, busy or idle; the seconds until all tasks are done."""
    numbers = range(first, first + count)
    if busy:
        mark(numbers, seconds=0.2)
        wait_for(lambda: starts() > first, HEALED, worker.log)
    worker.kill(kind)
    began = time.monotonic()
    if not busy:
        mark(numbers)
    # Its queue is empty again, too: what was done twice or not at all would still lie there.
    wait_for(lambda: all_done(first + count) and not OrmQ.objects.exists(), HEALED, worker.log)
    return time.monotonic() - began


@pytest.mark.parametrize("kind", KINDS)
def test_the_death_of_any_process_is_healed_and_no_effect_happens_twice(worker, errands, kind):
    took = heals(worker, kind, busy=KINDS.index(kind) % 2 == 0)
    assert took < HEALED
    assert sorted(effects()) == list(range(6))


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_ten_deaths_of_each_process_idle_and_busy_are_all_healed(worker, errands, kind):
    took = [heals(worker, kind, busy=time_ % 2 == 0, first=6 * time_) for time_ in range(10)]
    print(f"\n{kind}: healed {len(took)} of 10, seconds {min(took):.1f} to {max(took):.1f}")
    assert sorted(effects()) == list(range(60))


def through_deaths(worker, count: int, pause: tuple[float, float], seconds: float) -> int:
    """Do tasks while random processes die; how many deaths that were."""
    rng, deaths, next_at = random.Random(7), 0, 0.0
    mark(range(count), seconds=0.05)
    deadline = time.monotonic() + seconds
    while not all_done(count):
        assert time.monotonic() < deadline, worker.log()
        if time.monotonic() > next_at:
            worker.kill(rng.choice(KINDS))
            deaths += 1
            next_at = time.monotonic() + rng.uniform(*pause)
        time.sleep(0.1)
    wait_for(lambda: not OrmQ.objects.exists(), HEALED, worker.log)
    assert sorted(effects()) == list(range(count))
    return deaths


def test_fifty_tasks_have_exactly_fifty_effects_while_processes_die(worker, errands):
    assert through_deaths(worker, 50, (2, 4), 60) >= 1


@pytest.mark.soak
def test_a_thousand_tasks_have_exactly_a_thousand_effects_while_processes_die(worker, errands):
    deaths = through_deaths(worker, 1000, (2, 5), 900)
    print(f"\n1000 effects, {starts()} starts, {deaths} deaths")
    assert deaths >= 10


def test_a_task_that_kills_its_process_stops_after_three_starts_and_harms_no_other(worker, errands):
    jobs.run_now(jobs.find("die"))
    mark(range(10), seconds=0.1)
    dead = JobRun.objects.filter(job="die", state=State.DEAD)
    wait_for(lambda: dead.exists() and all_done(10), BUSY, worker.log)
    assert dead.get().attempts == 3
    assert sorted(effects()) == list(range(10))
    assert not JobRun.objects.filter(job="mark").exclude(state=State.OK).exists()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["pusher", "sentinel"])
def test_a_process_that_hangs_is_replaced(worker, errands, kind):
    stopped = worker.pid(kind)
    os.kill(stopped, signal.SIGSTOP)
    mark(range(4), seconds=0.1)
    wait_for(lambda: not alive([stopped]), 120, worker.log)
    wait_for(lambda: all_done(4) and not OrmQ.objects.exists(), HEALED, worker.log)
    assert sorted(effects()) == [0, 1, 2, 3]


def test_long_tasks_have_a_group_of_their_own_that_ends_when_there_are_none(worker, errands):
    mark(range(3), job="long_mark")
    wait_for(WorkerBeat.objects.filter(queue="long").exists, HEALED, worker.log)
    wait_for(lambda: all_done(3), BUSY, worker.log)
    assert sorted(effects()) == [0, 1, 2]
    wait_for(lambda: len(worker.family()) == 7, BUSY, worker.log)
    wait_for(lambda: not WorkerBeat.objects.filter(queue="long").exists(), HEALED, worker.log)


def test_schedules_fire_beside_broken_and_edited_ones(worker, errands):
    """One wait of half a minute, which is how often django-q2 looks at its schedules."""
    now = timezone.now()
    theirs = {"func": "tests.selflearn.errands.foreign", "schedule_type": "O", "next_run": now}
    Schedule.objects.create(name="broken", args="(((", **theirs)
    Schedule.objects.create(name="sound", **theirs)
    wait_for(Schedule.objects.filter(name="selflearn: Every minute").exists, BUSY, worker.log)
    # Edited, and moved off as by a clock that was put back.
    ours = Schedule.objects.filter(name="selflearn: Every minute")
    ours.update(args="nonsense", next_run=now + timedelta(hours=1))
    JobLine.objects.update(last_due=now - timedelta(hours=1))
    ticks = JobRun.objects.filter(job="minutely", state=State.OK)
    wait_for(lambda: ticks.exists() and keys("foreign"), 100, worker.log)
    assert Schedule.objects.get(name="broken").repeats == 0
    beats = WorkerBeat.objects.filter(beat_at__gt=F("started_at") + timedelta(seconds=1))
    wait_for(beats.exists, 60, worker.log)

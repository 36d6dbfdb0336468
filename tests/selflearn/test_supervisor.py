"""The supervisor, with groups of plain processes that are really forked."""

import os
import signal
import time

import pytest
from django.db import OperationalError

from analytics.jobs import heartbeat
from analytics.models import JobRun, WorkerBeat
from selflearn.worker import processes, supervisor
from selflearn.worker.group import Group
from trading import clock

from .conftest import alive
from .working import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def family() -> None:
    """A main process with a sentinel that has two workers."""
    if os.fork() == 0:
        for _ in range(2):
            if os.fork() == 0:
                break
    time.sleep(60)


@pytest.fixture
def supervise(request):
    """A supervisor whose groups run ``work``; nothing of it is left behind."""

    def made(work=family, **pace) -> supervisor.Supervisor:
        def start(queue: str) -> Group:
            return Group(f"group {time.monotonic_ns()}", processes.fork(queue, work))

        one = supervisor.Supervisor(supervisor.Pace(**{"backoff": 0.4, **pace}), start)
        request.addfinalizer(
            lambda: [s.group and s.group.stop(0, bool) for s in one.slots.values()]
        )
        return one

    return made


def step(one, until) -> None:
    """Let it work, as its loop does, until something holds."""

    def look() -> bool:
        one.step()
        return until(one.slots["short"])

    wait_for(look, 10)


def complete(slot) -> bool:
    slot.group.dead()
    return len(slot.group.members) == 4


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive([pid]), 2)


@pytest.mark.parametrize("place", range(4))
def test_where_one_process_dies_all_are_replaced(supervise, place, caplog):
    one = supervise()
    step(one, complete)
    first = one.slots["short"].group
    members = sorted(first.members)
    kill(members[place])
    step(one, lambda slot: slot.restarts == 1 and slot.group is not None)
    assert not alive(members)
    assert "one of its processes died" in caplog.text
    assert list(WorkerBeat.objects.values_list("owner", "restarts")) == [
        (one.slots["short"].group.owner, 1)
    ]


def test_a_death_that_was_not_seen_is_noticed_when_the_sentinel_has_reaped_the_process():
    reaped, wait = os.pipe()

    def work() -> None:
        if os.fork():
            time.sleep(60)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            os.write(wait, b"x")
            time.sleep(60)

    group = Group("a", processes.fork("short", work))
    try:
        os.read(reaped, 1)
        assert group.failure(60) == "one of its processes died"
    finally:
        group.stop(0, bool)


def test_only_the_run_of_the_dead_process_is_blamed(supervise):
    one = supervise()
    step(one, complete)
    group = one.slots["short"].group
    dead, survivor = sorted(group.members)[-2:]
    for pid in (dead, survivor):
        JobRun.objects.create(
            job="a",
            key=str(pid),
            due=clock.now(),
            queue="short",
            state=JobRun.State.RUNNING,
            owner=group.owner,
            pid=pid,
            attempts=1,
        )
    kill(dead)
    step(one, lambda slot: slot.restarts == 1)
    runs = JobRun.objects.values_list("key", "state", "attempts")
    assert sorted(runs) == sorted([(str(dead), "queued", 1), (str(survivor), "queued", 0)])


def test_a_group_without_a_heartbeat_is_replaced(supervise, caplog):
    one = supervise(overdue=0.5, chores=0.1)
    step(one, lambda slot: slot.restarts == 1)
    assert "no heartbeat for" in caplog.text


def test_a_group_with_a_heartbeat_is_not(supervise):
    one = supervise(overdue=0.5, chores=0.1)
    began = time.monotonic()

    def beating(slot) -> bool:
        if slot.group:
            heartbeat.beat(slot.group.owner)
        return time.monotonic() - began > 1.5

    step(one, beating)
    assert one.slots["short"].restarts == 0


def test_a_database_that_is_away_is_no_missing_heartbeat(supervise, monkeypatch, caplog):
    def away(*args):
        raise OperationalError("gone")

    one = supervise(overdue=0.5, chores=0.1)
    step(one, complete)
    monkeypatch.setattr(heartbeat, "last", away)
    began = time.monotonic()
    step(one, lambda slot: time.monotonic() - began > 1.5)
    assert one.slots["short"].restarts == 0
    assert "the database is away: ['gone']" in caplog.text


def test_a_group_that_ends_at_once_is_started_less_and_less_often(supervise):
    one, pauses = supervise(lambda: None, backoff=1.5), []

    def noted(slot) -> bool:
        if len(pauses) < slot.restarts:
            pauses.append(slot.pause)
            slot.not_before = 0.0
        return slot.restarts == 4

    step(one, noted)
    assert pauses == [0.5, 1.5, 1.5, 1.5]


def test_the_group_of_long_tasks_runs_only_while_there_is_work(supervise):
    one = supervise(look=0.0, idle=0.2, drain=0.2)
    slot = one.slots["long"]
    one.step()
    assert slot.group is None
    JobRun.objects.create(job="a", due=clock.now(), queue="long")
    one.step()
    assert slot.group
    JobRun.objects.all().delete()
    step(one, lambda _: slot.group is None)
    assert slot.restarts == 0


def test_runs_of_a_worker_that_is_gone_start_again(supervise):
    heartbeat.begin("gone", "short", 2**22 + 1, 0)
    for owner in ("gone", "unknown"):
        JobRun.objects.create(
            job=owner, due=clock.now(), queue="short", state="running", owner=owner, pid=1
        )
    one = supervise()
    one.step()
    assert set(JobRun.objects.values_list("state", flat=True)) == {"queued"}
    assert not WorkerBeat.objects.filter(owner="gone").exists()


def test_a_machine_without_free_processes_is_asked_again(supervise, monkeypatch, caplog):
    def none_free() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    one = supervise()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", none_free)
        one.step()
    assert "cannot be started: Resource temporarily unavailable" in caplog.text
    step(one, lambda slot: slot.group is not None)

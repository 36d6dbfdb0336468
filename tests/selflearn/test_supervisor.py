"""The supervisor with clusters that are plain functions, in processes that are really forked."""

import os
import signal
import time

import pytest

from selflearn.worker.broker import say
from selflearn.worker.supervisor import Supervisor
from selflearn.worker.timeouts import Pace

from .conftest import alive
from .working import wait_for


def supervise(birth, *, lazy: bool = False, **pace) -> Supervisor:
    queues = ((), ("q",)) if lazy else (("q",), ())
    return Supervisor(*queues, Pace(**{"backoff": 0.2, **pace}), birth)


def turn(supervisor, until) -> None:
    """Let it look, as its loop does, until something holds."""

    def look() -> bool:
        supervisor._watch(supervisor.slots[0])
        if supervisor.slots[0].running:
            for queue in supervisor.slots[0].running.listen():
                supervisor._want(queue)
        return until(supervisor.slots[0])

    try:
        wait_for(look, 10)
    finally:
        running = supervisor.slots[0].running
        if running:
            running.kill()


def sleep(slot, owner, channel) -> int:
    time.sleep(60)
    return 0


@pytest.mark.parametrize("status", [0, 1])
def test_whatever_the_exit_status_a_cluster_is_started_anew(status, caplog):
    supervisor = supervise(lambda slot, owner, channel: status)
    turn(supervisor, lambda slot: slot.restarts == 3)
    assert "the worker of q ended" in caplog.text
    assert len(set(supervisor.slots[0].predecessors)) == 3


def test_one_that_never_gets_well_is_started_less_and_less_often():
    supervisor, waits = supervise(lambda *told: 1, backoff=1.5), []

    def noted(slot) -> bool:
        if len(waits) < slot.restarts:
            waits.append(round(slot.not_before - time.monotonic(), 1))
            slot.not_before = 0.0
        return slot.restarts == 4

    turn(supervisor, noted)
    assert waits == [0.5, 1.0, 1.5, 1.5]


def test_one_that_was_well_is_started_at_once():
    supervisor = supervise(lambda slot, owner, channel: say(channel, "well") or 1)
    turn(supervisor, lambda slot: slot.restarts == 2)
    assert supervisor.slots[0].failures == 0


@pytest.mark.parametrize("silent", ["sentinel", "main"])
def test_one_that_falls_silent_is_killed_with_all_its_processes(silent, tmp_path, caplog):
    def born(slot, owner, channel) -> int:
        os.setsid()
        child = os.fork()
        if child:
            (tmp_path / str(os.getpid())).write_text(str(child))
        time.sleep(60)
        return 0

    supervisor = supervise(born, **{silent: 0.5})
    turn(supervisor, lambda slot: slot.restarts == 1)
    assert f"its {silent} was silent for" in caplog.text
    started = [int(text) for f in tmp_path.iterdir() for text in (f.name, f.read_text())]
    assert started
    wait_for(lambda: not alive(started[:2]), 2)


def test_the_last_words_of_a_cluster_reach_the_next_one():
    def born(slot, owner, channel) -> int:
        say(channel, "innocent 5 7")
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    supervisor = supervise(born)
    turn(supervisor, lambda slot: slot.restarts == 1)
    slot = supervisor.slots[0]
    assert slot.innocent == {slot.predecessors[0]: {5, 7}}


def test_a_cluster_that_is_not_always_there_waits_to_be_wanted_and_may_go_home():
    supervisor = supervise(lambda *told: 0, lazy=True)
    supervisor._watch(supervisor.slots[0])
    assert supervisor.slots[0].running is None
    supervisor._want("q")
    turn(supervisor, lambda slot: slot.predecessors and slot.running is None)
    slot = supervisor.slots[0]
    assert (slot.wanted, slot.restarts) == (False, 0)


def test_a_machine_that_has_no_process_left_is_asked_again(monkeypatch, caplog):
    def none_left() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    supervisor = supervise(sleep)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", none_left)
        supervisor._watch(supervisor.slots[0])
    assert "cannot be started: Resource temporarily unavailable" in caplog.text
    turn(supervisor, lambda slot: slot.running is not None)

"""How the worker ends, with tasks at hand; each test has a worker of its own."""

import time

import pytest
from django.conf import settings

from analytics import jobs
from analytics.models import JobRun
from tests.trading.api.outages import Proxy
from tests.trading.api.server import database_url, server_address

from .conftest import gone
from .working import BUSY, HEALED, all_done, effects, mark, starts, wait_for, working


def test_a_killed_supervisor_leaves_no_process_behind(errands, tmp_path):
    with working(tmp_path) as alone:
        mark(range(2), seconds=30)
        wait_for(lambda: starts() == 2, HEALED, alone.log)
        family = alone.family()
        alone.process.kill()
        alone.process.wait()
        assert gone(family, within=5)


def test_a_stop_lets_tasks_end_and_does_not_wait_for_ever(errands, tmp_path):
    with working(tmp_path, DRAIN="2") as alone:
        family = alone.family()
        mark(range(1), seconds=1)
        mark(range(1, 2), seconds=60)
        wait_for(lambda: starts() == 2, HEALED, alone.log)
        began = time.monotonic()
        assert alone.stop() == 0
        assert time.monotonic() - began < 10
        assert gone(family, within=1)
    assert effects() == [0]
    cut_off = JobRun.objects.get(key="1")
    # It starts again, and the interrupted start does not count.
    assert (cut_off.state, cut_off.attempts) == (JobRun.State.QUEUED, 0)


def test_what_a_killed_worker_was_doing_is_taken_up_by_another(errands, tmp_path):
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with working(folders[0]) as one, working(folders[1]):
        mark(range(12), seconds=0.4)
        wait_for(lambda: starts() >= 4, HEALED, one.log)
        one.end()
        wait_for(lambda: all_done(12), HEALED, one.log)
    assert sorted(effects()) == list(range(12))


@pytest.mark.soak
def test_a_call_that_does_not_hear_its_time_is_up_stops_after_three_starts(errands, tmp_path):
    with working(tmp_path, TASK_TIMEOUT="2") as alone:
        jobs.run_now(jobs.find("deaf"))
        mark(range(10), seconds=0.1)
        dead = JobRun.objects.filter(job="deaf", state=JobRun.State.DEAD)
        wait_for(lambda: dead.exists() and all_done(10), 60, alone.log)
    assert dead.get().attempts == 3
    assert sorted(effects()) == list(range(10))


@pytest.mark.skipif(settings.SQLITE, reason="a server that can go away")
def test_the_worker_comes_back_with_its_database(errands, tmp_path):
    with Proxy(server_address()) as proxy, working(tmp_path, database_url(proxy.port)) as alone:
        mark(range(4), seconds=0.5)
        wait_for(lambda: starts() == 2, HEALED, alone.log)
        proxy.cut()
        time.sleep(2)
        proxy.restore()
        mark(range(4, 8))
        # django-q2's pusher waits 10 s before it gives up.
        wait_for(lambda: all_done(8), BUSY, alone.log)
    assert sorted(effects()) == list(range(8))

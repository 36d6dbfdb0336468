"""How the worker ends, with tasks at hand; each test has a worker of its own."""

import time

import pytest
from django.conf import settings

from analytics.models import JobRun
from tests.trading.api.outages import Proxy
from tests.trading.api.server import database_url, server_address

from .conftest import gone
from .working import HEALED, all_done, effects, mark, starts, wait_for, working


def test_a_killed_supervisor_leaves_no_process_behind(errands, tmp_path):
    with working(tmp_path) as alone:
        mark(range(2), seconds=30)
        wait_for(lambda: starts() == 2, HEALED, alone.log)
        family = alone.family()
        alone.process.kill()
        alone.process.wait()
        assert gone(family, within=5)


def test_a_stop_lets_tasks_end_and_does_not_wait_for_ever(errands, tmp_path):
    with working(tmp_path, drain="2") as alone:
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
    # It is started again, and being stopped is not held against it.
    assert (cut_off.state, cut_off.attempts) == (JobRun.State.RUNNING, 0)


@pytest.mark.skipif(settings.SQLITE, reason="a server that can go away")
def test_the_worker_comes_back_with_its_database(errands, tmp_path):
    with Proxy(server_address()) as proxy, working(tmp_path, database_url(proxy.port)) as alone:
        mark(range(4), seconds=0.5)
        wait_for(lambda: starts() == 2, HEALED, alone.log)
        proxy.cut()
        time.sleep(2)
        proxy.restore()
        mark(range(4, 8))
        wait_for(lambda: all_done(8), HEALED, alone.log)
    assert sorted(effects()) == list(range(8))

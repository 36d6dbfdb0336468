"""Rules are compiled ahead, in a process of their own."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from analytics.jobs import find
from analytics.research import precompile
from trading.strategies import REGISTRY


def test_every_strategy_that_can_be_replayed_is_compiled_beside_this_process():
    loaded = "numba" in sys.modules
    done = precompile.compile_rules(as_of=datetime(2025, 3, 3, tzinfo=UTC))
    assert done == {"strategies": sum(one.replayable for one in REGISTRY.values())}
    assert ("numba" in sys.modules) == loaded


def test_the_job_is_on_the_timetable_and_not_in_simulated_time():
    job = find("compile_rules")
    assert job.queue == "long" and not job.simulated

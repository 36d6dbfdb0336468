from datetime import UTC, datetime, timedelta

import pytest

from analytics import jobs
from analytics.jobs.timetable import sync_lines
from analytics.models import JobRun
from trading.bots import simulated_clock

START = datetime(2025, 1, 31, 5, 58, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_what_falls_due_on_the_way_runs_in_order_under_its_own_moment(timetable):
    assert jobs.live_through(None, START) == []
    events = jobs.live_through(START, START + 2 * MINUTE)
    assert [(e["job"], e["as_of"], e["type"]) for e in events] == [
        ("minutely", "2025-01-31T05:59:00Z", "noted"),
        ("minutely", "2025-01-31T06:00:00Z", "noted"),
        ("daily", "2025-01-31T06:00:00Z", "day"),
    ]
    assert all(as_of == now for _, as_of, now in timetable.calls)
    assert not JobRun.objects.exists()


def test_moving_the_clock_runs_the_jobs(timetable):
    assert simulated_clock.move(START) == []
    events = simulated_clock.move(START + 2 * MINUTE)
    assert [event["type"] for event in events] == ["noted", "noted", "day"]
    assert simulated_clock.move(START + 2 * MINUTE) == []


def test_two_moves_tell_what_one_tells(timetable):
    jobs.live_through(None, START)
    parts = jobs.live_through(START, START + MINUTE)
    parts += jobs.live_through(START + MINUTE, START + 90 * MINUTE)
    apart = list(timetable.calls)
    timetable.calls.clear()
    jobs.live_through(None, START)
    assert jobs.live_through(START, START + 90 * MINUTE) == parts
    assert timetable.calls == apart


def test_a_move_that_was_cut_off_is_taken_up_again(timetable, monkeypatch):
    jobs.live_through(None, START)

    def cut_off(as_of):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("tests.analytics.lines.note", cut_off)
        jobs.live_through(START, START + MINUTE)
    # The clock had been moved already: the next move begins there.
    events = jobs.live_through(START + MINUTE, START + 2 * MINUTE)
    assert [e["as_of"][11:16] for e in events if e["job"] == "minutely"] == ["05:59", "06:00"]


def test_a_job_that_raises_is_an_event_and_stops_no_other(timetable, monkeypatch):
    jobs.live_through(None, START)
    monkeypatch.setattr("tests.analytics.lines.note", timetable.raises)
    events = jobs.live_through(START, START + 2 * MINUTE)
    assert [e["type"] for e in events] == ["job_failed", "job_failed", "day"]
    assert events[0]["error"] == "ValueError: and the last line"


def test_time_that_was_lived_before_does_not_stand_in_the_way_of_simulated_time(timetable):
    sync_lines(datetime(2026, 1, 1, tzinfo=UTC))
    jobs.live_through(None, START)
    assert len(jobs.live_through(START, START + MINUTE)) == 1

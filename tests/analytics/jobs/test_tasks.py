from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.jobs.tasks import TIMETABLE, Job

MINUTE = timedelta(minutes=1)


def job(**changes) -> Job:
    return Job(**{"name": "a", "title": "A", "function": "a.b", **changes})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "now", "last", "following"),
    [
        ({"every": 5 * MINUTE}, "2025-01-31 12:07:30", "2025-01-31 12:05", "2025-01-31 12:10"),
        ({"every": 5 * MINUTE}, "2025-01-31 12:05:00", "2025-01-31 12:05", "2025-01-31 12:10"),
        ({"at": "06:30"}, "2025-01-31 06:29:59", "2025-01-30 06:30", "2025-01-31 06:30"),
        ({"at": "06:30"}, "2025-01-31 06:30:00", "2025-01-31 06:30", "2025-02-01 06:30"),
        # 31 January 2025 was a Friday.
        ({"at": "mon 06:30"}, "2025-01-31 12:00", "2025-01-27 06:30", "2025-02-03 06:30"),
        ({"at": "thu 00:00"}, "2025-01-31 12:00", "2025-01-30 00:00", "2025-02-06 00:00"),
        ({"at": "sun 23:59"}, "2025-01-31 12:00", "2025-01-26 23:59", "2025-02-02 23:59"),
    ],
)
def test_a_job_falls_due_at_multiples_or_at_a_time_of_day_or_week(when, now, last, following):
    found = job(**when)
    assert found.last_due(moment(now)) == moment(last)
    assert found.next_due(moment(now)) == moment(following)


@given(
    st.integers(1, 20_000),
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 50),
)
def test_the_moments_of_two_stretches_are_those_of_the_whole(minutes, start, parts):
    found = job(every=timedelta(minutes=minutes))
    middle, end = start + parts * found.period / 3, start + 20 * found.period
    middle = min(middle, end)
    apart = [*found.due(start, middle), *found.due(middle, end)]
    assert apart == list(found.due(start, end))
    assert all(start < at <= end and found.last_due(at) == at for at in apart)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ({"every": MINUTE}, "every minute"),
        ({"every": 90 * MINUTE}, "every 90 minutes"),
        ({"every": 24 * 60 * MINUTE}, "every day"),
        ({"at": "06:30"}, "daily at 06:30 UTC"),
        ({"at": "mon 06:30"}, "Mon at 06:30 UTC"),
        ({}, "on request"),
    ],
)
def test_a_job_says_when_it_runs(when, text):
    assert job(**when).schedule == text


def test_a_job_on_request_never_falls_due_by_itself():
    found, now = job(), moment("2025-01-31 12:00")
    assert list(found.due(now, now + timedelta(days=10_000))) == []
    assert found.next_due(now) > now + timedelta(days=365_000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"every": timedelta()},
        {"every": MINUTE, "at": "06:30"},
        {"every": timedelta(seconds=90)},
        {"at": "24:00"},
        {"at": "6:30"},
        {"at": "monday 06:30"},
        {"every": MINUTE, "queue": "other"},
        {"every": MINUTE, "catch_up": "always"},
        {"every": MINUTE, "name": "with space"},
        {"every": MINUTE, "function": "bare"},
    ],
)
def test_a_line_that_makes_no_sense_is_refused_where_it_is_written(wrong):
    with pytest.raises(ValueError, match=r"job|timetable"):
        job(**wrong)


def test_no_two_jobs_share_a_name_or_title():
    for names in ([job.name for job in TIMETABLE], [job.title for job in TIMETABLE]):
        assert len(names) == len(set(names))

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.timeout import TimeoutHandler

from analytics import jobs
from analytics.jobs import queue, runs
from analytics.jobs.tasks import Job
from analytics.jobs.timetable import sync_lines
from analytics.models import JobLine, JobRun
from trading import clock

NOW = datetime(2025, 1, 31, 12, 0, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
State = JobRun.State


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def tick(moment: datetime) -> list[str]:
    with clock.at(moment):
        return sorted(run.job for run in jobs.enqueue_due())


def test_syncing_twice_changes_nothing_and_a_removed_job_loses_its_line(timetable, monkeypatch):
    assert sync_lines(NOW)["added"] == ["daily", "here", "minutely", "weekly"]
    before = list(JobLine.objects.values())
    assert sync_lines(NOW + DAY) == {"added": [], "removed": []}
    assert list(JobLine.objects.values()) == before
    monkeypatch.setattr(timetable, "TIMETABLE", timetable.TIMETABLE[:1])
    assert sync_lines(NOW)["removed"] == ["daily", "here", "weekly"]


def test_a_new_job_first_runs_when_it_falls_due_the_next_time(timetable):
    sync_lines(NOW)
    assert tick(NOW) == []
    assert tick(NOW + MINUTE) == ["minutely"]


def test_a_moment_is_queued_once_however_often_it_is_looked_at(timetable, work):
    sync_lines(NOW)
    assert tick(NOW + MINUTE) == ["minutely"]
    assert tick(NOW + MINUTE) == []
    with clock.at(NOW + MINUTE):
        assert work() == ["ok"]
    assert tick(NOW + MINUTE) == []
    assert OrmQ.objects.count() == 0
    assert JobRun.objects.get().due == at("2025-01-31 12:01")


def test_two_processes_that_saw_the_same_moment_due_queue_it_once(timetable, work):
    sync_lines(NOW)
    seen, job, due = JobLine.objects.get(name="minutely"), jobs.find("minutely"), NOW + MINUTE
    assert queue._queue_moment(job, seen, due).due == due
    assert queue._queue_moment(job, seen, due) is None
    with clock.at(due):
        assert work() == ["ok"]
    assert queue._queue_moment(job, seen, due) is None


@pytest.mark.parametrize("down", [timedelta(hours=6), timedelta(days=3)])
def test_after_a_time_down_each_job_runs_once_and_a_daily_report_once_for_each_day(
    timetable, work, down
):
    sync_lines(NOW)
    with clock.at(NOW + down):
        jobs.enqueue_due()
        work(), work("long")
        jobs.enqueue_due()
        assert work() + work("long") == []
    ran = list(JobRun.objects.order_by("pk").values_list("job", "due", "state"))
    days = [at(f"2025-02-0{day} 06:00") for day in range(1, 1 + down.days)]
    assert [(job, due) for job, due, _ in ran if job == "daily"] == [("daily", d) for d in days]
    rest = [("minutely", at("2025-01-31 18:00") if not days else at("2025-02-03 12:00"))]
    if days:
        rest += [("weekly", at("2025-02-03 06:00")), ("here", at("2025-02-03 12:00"))]
    assert sorted((job, due) for job, due, _ in ran if job != "daily") == sorted(rest)
    assert {state for _, _, state in ran} == {State.OK}
    assert [as_of for name, as_of, _ in timetable.calls if name == "daily"] == days


def test_a_job_that_has_not_ended_is_not_queued_again_and_then_runs_for_the_newest_moment(
    timetable, work
):
    sync_lines(NOW)
    assert tick(NOW + MINUTE) == ["minutely"]
    assert tick(NOW + 5 * MINUTE) == []
    with clock.at(NOW + 6 * MINUTE):
        assert work() == ["ok", "ok"]
    assert [as_of for _, as_of, _ in timetable.calls] == [
        at("2025-01-31 12:01"),
        at("2025-01-31 12:06"),
    ]


def test_a_clock_that_goes_back_stops_nothing(timetable, work, caplog):
    sync_lines(NOW)
    with clock.at(NOW + HOUR):
        jobs.enqueue_due()
        work()
    assert tick(NOW + 5 * MINUTE) == []
    assert "the clock went back" in caplog.text
    assert tick(NOW + 6 * MINUTE) == ["minutely"]
    with clock.at(NOW + 6 * MINUTE):
        work()
    # What it did in the hour that is yet to come is done again when that has come.
    assert tick(NOW + HOUR) == ["minutely"]


def test_a_small_difference_between_two_clocks_is_not_a_clock_that_went_back(timetable, caplog):
    sync_lines(NOW)
    assert tick(at("2025-01-31 12:01:00")) == ["minutely"]
    assert tick(at("2025-01-31 12:00:58")) == []
    assert "went back" not in caplog.text


def test_where_there_is_nothing_to_do_the_moment_is_passed_over(timetable, work):
    sync_lines(NOW)
    timetable.here = False
    assert "here" not in tick(at("2025-02-01 12:00"))
    timetable.here = True
    assert "here" not in tick(at("2025-02-01 12:10"))
    with clock.at(at("2025-02-01 12:10")):
        work()
    assert "here" in tick(at("2025-02-02 12:00"))


def test_a_line_of_the_timetable_that_is_broken_stops_no_other(timetable, work, monkeypatch):
    sync_lines(NOW)
    broken = (
        Job("here", "Here", "no.such.function", at="12:00", wanted="tests.analytics.lines.raises"),
        Job("daily", "Daily", "tests.analytics.lines.no_such_function", at="06:00"),
    )
    rest = [job for job in timetable.TIMETABLE if job.name not in ("here", "daily")]
    monkeypatch.setattr(timetable, "TIMETABLE", (*broken, *rest))
    assert tick(at("2025-02-01 12:00")) == ["daily", "here", "minutely"]
    with clock.at(at("2025-02-01 12:00")):
        assert sorted(work()) == ["failed", "failed", "ok"]
    errors = JobRun.objects.filter(state=State.FAILED).values_list("error", flat=True)
    assert sorted(error.split(":")[0] for error in errors) == ["ImportError", "ModuleNotFoundError"]


def test_a_run_is_told_its_moment_and_leaves_what_came_of_it(timetable, work):
    sync_lines(NOW)
    tick(NOW + MINUTE)
    with clock.at(NOW + 2 * MINUTE):
        work()
    first = JobRun.objects.order_by("pk").first()
    assert first.state == State.OK
    assert first.summary == {"events": [{"type": "noted"}], "count": 1}
    assert (first.started_at, first.ended_at) == (NOW + 2 * MINUTE, NOW + 2 * MINUTE)
    assert 0 <= first.seconds < 5
    line = JobLine.objects.get(name="minutely")
    assert (line.ok_runs, line.failed_runs) == (2, 0)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("raises", "ValueError: and the last line"),
        ("leaves", "SystemExit: 3"),
        ("unspeakable", "TypeError: Object of type datetime is not JSON serializable"),
    ],
)
def test_a_run_that_raises_is_a_failed_run_with_its_reason(timetable, work, name, error):
    jobs.run_now(jobs.find(name))
    assert work() == ["failed"]
    run = JobRun.objects.get()
    assert (run.state, run.error, run.attempts) == (State.FAILED, error, 1)
    assert OrmQ.objects.count() == 0


def test_a_run_that_takes_too_long_is_a_failed_run_and_its_process_lives_on(timetable, work):
    jobs.run_now(jobs.find("sleeps"))
    with TimeoutHandler(1):
        assert work() == ["failed"]
    assert "exceeded maximum timeout value (1 seconds)" in JobRun.objects.get().error


def test_a_job_that_left_the_timetable_while_queued_fails_and_says_so(timetable, work, monkeypatch):
    jobs.run_now(jobs.find("raises"))
    monkeypatch.setattr(timetable, "TIMETABLE", ())
    assert work() == ["failed"]
    assert "has no job 'raises' any more" in JobRun.objects.get().error


def test_who_asked_for_a_run_is_kept_and_a_second_one_waits_for_the_first(timetable, work):
    user = User.objects.create(username="someone")
    job = jobs.find("raises")
    assert jobs.run_now(job, user).requested_by == user
    assert jobs.run_now(job, user) is None
    work()
    assert jobs.run_now(job, user) is not None


def test_a_report_of_a_day_is_not_lost_to_a_run_asked_for_at_that_moment(timetable, work):
    sync_lines(NOW)
    due = at("2025-02-01 06:00")
    with clock.at(due - timedelta(seconds=1)):
        jobs.run_now(jobs.find("daily"))
    assert "daily" not in tick(due)
    with clock.at(due + MINUTE):
        work()
    assert JobRun.objects.filter(job="daily", due=due, state=State.OK).count() == 1


def test_runs_on_request_with_different_keys_go_beside_each_other(timetable, work):
    for key in ("1", "2", "1"):
        jobs.submit("claims", key, {"number": key})
    assert work() == ["ok", "ok"]
    assert timetable.calls == [("1", True), ("2", True)]
    with pytest.raises(KeyError):
        jobs.submit("no such job", "1", {})


@pytest.fixture
def die(monkeypatch):
    """Fetch a message, start its run in a group, and die."""

    def start(owner: str) -> JobRun:
        monkeypatch.setenv(runs.OWNER, owner)
        message = ORM("short").dequeue()[0]
        run = runs._start(SignedPackage.loads(message[1])["args"][0])
        assert run.owner == owner
        JobRun.objects.filter(pk=run.pk).update(pid=77)
        run.pid = 77
        return run

    return start


def test_a_run_whose_process_dies_starts_three_times_and_is_then_given_up(timetable, work, die):
    jobs.run_now(jobs.find("claims"))
    for number in range(3):
        die(f"group{number}")
        assert work() == []
        jobs.release("short", f"group{number}")
    assert work() == ["given up"]
    run = JobRun.objects.get()
    assert (run.state, run.attempts) == (State.DEAD, 3)
    assert "died each of the 3 times" in run.error
    assert OrmQ.objects.count() == 0


def test_a_run_beside_the_one_that_killed_the_group_is_not_blamed(timetable, work, die):
    jobs.submit("claims", "1", {"number": "1"})
    for number in range(5):
        die(f"group{number}")
        jobs.release("short", f"group{number}", survivors=[77])
    assert work() == ["ok"]
    assert JobRun.objects.get().attempts == 1


def test_a_process_that_comes_back_late_does_not_overwrite_what_another_did(timetable, work, die):
    jobs.submit("claims", "1", {"number": "1"})
    late = die("slow")
    jobs.release("short", "slow")
    assert work() == ["ok"]
    runs._end(late, State.FAILED, 9.0, "late", None)
    assert JobRun.objects.get().state == State.OK


def test_a_run_whose_outcome_could_not_be_written_starts_again(timetable, work, die):
    jobs.submit("claims", "1", {"number": "1"})
    die("group")
    assert jobs.release_overdue("short", MINUTE) == 0
    with clock.at(clock.now() + HOUR):
        assert jobs.release_overdue("short", MINUTE) == 1
    assert work() == ["ok"]


def test_the_next_missed_day_follows_one_that_was_given_up(timetable, work):
    sync_lines(NOW)
    with clock.at(NOW + 2 * DAY):
        jobs.enqueue_due(jobs=[jobs.find("daily")])
        JobRun.objects.update(attempts=3)
        assert work() == ["given up", "ok"]


def test_a_message_delivered_twice_runs_once(timetable):
    run = jobs.submit("claims", "1", {"number": "1"})
    assert [runs.run(run.pk), runs.run(run.pk)] == ["ok", "nothing to do"]
    assert timetable.calls == [("1", True)]


def test_a_run_that_lost_its_message_is_sent_again(timetable, work):
    with clock.at(NOW):
        jobs.submit("claims", "1", {"number": "1"})
    assert jobs.resend_lost("short", NOW + MINUTE) == 0
    OrmQ.objects.all().delete()
    assert jobs.resend_lost("short", NOW + timedelta(seconds=10)) == 0
    assert jobs.resend_lost("short", NOW + MINUTE) == 1
    assert jobs.resend_lost("short", NOW + MINUTE) == 0
    assert work() == ["ok"]


def test_firing_queues_what_is_due_and_firing_too_often_does_no_harm(timetable, work):
    sync_lines(NOW)
    assert jobs.fire("minutely") != "nothing due"
    assert jobs.fire("minutely") == "nothing due"
    assert jobs.fire("gone") == "nothing to do"
    assert work() == ["ok"]


def test_nothing_fires_where_time_is_simulated(timetable, monkeypatch):
    sync_lines(NOW)
    monkeypatch.setattr(clock, "_simulation", lambda: NOW + HOUR)
    assert jobs.fire("minutely") == "nothing to do"
    assert not JobRun.objects.exists()

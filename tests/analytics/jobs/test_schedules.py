"""The timetable as django-q2 schedules, fired by django-q2's own scheduler."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage

from analytics import jobs
from analytics.jobs import heartbeat
from analytics.jobs.schedules import FIRE
from analytics.models import JobLine, JobRun, WorkerBeat

HOUR = timedelta(hours=1)
FOREIGN = {"func": "os.getcwd", "schedule_type": Schedule.MINUTES, "minutes": 5}


@pytest.fixture(autouse=True)
def keep_connection(monkeypatch):
    """The test's transaction lives on this connection."""
    monkeypatch.setattr("django_q.scheduler.close_old_django_connections", lambda: None)


def fired() -> list[str]:
    """Let django-q2 fire what is due; the calls that it queued."""
    OrmQ.objects.all().delete()
    scheduler()
    tasks = [SignedPackage.loads(row.payload) for row in OrmQ.objects.all()]
    return sorted(f"{task['func']}{task['args']}" for task in tasks)


def fires(name: str) -> bool:
    return f"{FIRE}('{name}',)" in fired()


def ours() -> list[dict]:
    return list(Schedule.objects.filter(func=FIRE).order_by("name").values())


def test_a_sync_makes_a_row_for_each_scheduled_job_and_a_second_changes_nothing(timetable):
    jobs.sync()
    rows = {row["name"]: row for row in ours()}
    assert {name: row["schedule_type"] for name, row in rows.items()} == {
        "selflearn: Daily": "D",
        "selflearn: Here": "D",
        "selflearn: Minutely": "I",
        "selflearn: Weekly": "W",
    }
    jobs.sync()
    assert {row["name"]: row for row in ours()} == rows


def test_django_q2_fires_each_once_and_moves_on_to_the_next_moment(timetable):
    jobs.sync()
    assert len(fired()) == 4
    now = timezone.now()
    for row in Schedule.objects.all():
        job = jobs.find(row.args.strip("'"))
        # A minute may have passed.
        assert job.next_due(now - timedelta(seconds=5)) <= row.next_run <= job.next_due(now)


def test_what_is_fired_runs_under_the_ledger(timetable, work):
    jobs.sync()
    JobLine.objects.filter(name="minutely").update(last_due=timezone.now() - HOUR)
    assert fires("minutely")
    OrmQ.objects.all().delete()
    jobs.fire("minutely")
    assert work() == ["ok"]
    assert JobRun.objects.get().attempts == 1


def test_rows_of_others_are_left_alone_and_stale_ones_of_ours_are_removed(timetable, monkeypatch):
    theirs = Schedule.objects.create(name="theirs", next_run=timezone.now() + HOUR, **FOREIGN)
    jobs.sync()
    monkeypatch.setattr(timetable, "TIMETABLE", timetable.TIMETABLE[:1])
    jobs.sync()
    assert [row["name"] for row in ours()] == ["selflearn: Minutely"]
    assert Schedule.objects.get(name="theirs").next_run == theirs.next_run


@pytest.mark.parametrize(
    "edit",
    [
        {"args": "((("},
        {"func": "no.such.function"},
        {"kwargs": "[]"},
        {"next_run": None},
        {"repeats": 0},
        {"schedule_type": "X"},
        {"cluster": "nowhere"},
        {"name": "renamed"},
    ],
)
def test_an_edited_row_of_ours_is_repaired(timetable, edit):
    jobs.sync()
    fired()
    Schedule.objects.filter(name="selflearn: Minutely").update(**edit)
    jobs.sync()
    assert [row["name"] for row in ours()].count("selflearn: Minutely") == 1
    Schedule.objects.filter(name="selflearn: Minutely").update(next_run=timezone.now() - HOUR)
    jobs.sync()
    assert fires("minutely")


@pytest.mark.parametrize(
    "broken",
    [
        {"args": "((("},
        {"args": "name"},
        {"kwargs": "[1]"},
        {"kwargs": "{1: 2}"},
        {"kwargs": "func=1"},
        {"schedule_type": "X"},
        {"schedule_type": Schedule.CRON, "cron": "* * * * *"},
        {"kwargs": "q_options=1"},
        {"next_run": timezone.now() - timedelta(days=40_000)},
    ],
)
def test_a_broken_row_of_others_is_disabled_and_stops_no_other(timetable, broken, caplog):
    row = {"name": "theirs", "next_run": timezone.now() - HOUR, **FOREIGN, **broken}
    Schedule.objects.bulk_create([Schedule(**row)])
    Schedule.objects.create(name="sound", next_run=timezone.now() - HOUR, **FOREIGN)
    jobs.sync()
    assert "schedule" in caplog.text and '"theirs" is disabled' in caplog.text
    assert Schedule.objects.get(name="theirs").repeats == 0
    assert OrmQ.objects.count() == 0
    assert len(fired()) == 5
    caplog.clear()
    jobs.sync()
    assert caplog.text == ""


def test_a_clock_put_back_by_an_hour_stops_no_schedule(timetable):
    jobs.sync()
    fired()
    for row in Schedule.objects.all():
        Schedule.objects.filter(pk=row.pk).update(next_run=row.next_run + HOUR)
    jobs.sync()
    assert fires("minutely")


def test_a_job_with_missed_days_fires_at_once(timetable):
    jobs.sync()
    fired()
    jobs.make_up("daily", timezone.now() - timedelta(days=3))
    jobs.sync()
    assert fires("daily")


def test_a_heartbeat_goes_through_a_schedule_and_a_task(timetable):
    heartbeat.begin("a", "short", 1, 0)
    jobs.sync()
    assert f"{heartbeat.TASK}('a',)" in fired()
    assert not Schedule.objects.filter(func=heartbeat.TASK).exists()
    before = WorkerBeat.objects.get().beat_at
    heartbeat.beat("a")
    assert heartbeat.last("a") > before


def test_a_group_at_work_needs_no_heartbeat(timetable):
    heartbeat.begin("a", "short", 1, 0)
    before = WorkerBeat.objects.get().beat_at
    assert heartbeat.last("a") == before
    JobRun.objects.create(
        job="daily", due=timezone.now(), queue="short", state=JobRun.State.RUNNING, owner="a"
    )
    assert heartbeat.last("a") > before

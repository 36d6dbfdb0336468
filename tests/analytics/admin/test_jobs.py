"""The page of jobs: honest where nothing works, and a button that only some may press."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from analytics import jobs
from analytics.jobs.timetable import sync_lines
from analytics.models import JobLine, JobRun, WorkerBeat
from trading import clock

LIST = "/admin/analytics/jobline/"


@pytest.fixture
def alive(db):
    now = clock.now()
    WorkerBeat.objects.create(
        owner="a.1", queue="short", host="h", pid=1, started_at=now, beat_at=now, restarts=2
    )


def text(answer) -> str:
    assert answer.status_code == 200
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return " ".join(bare.split())


def test_before_anything_ran_the_page_says_that_nothing_did(admin_client, timetable):
    jobs.sync()
    said = text(admin_client.get(LIST))
    assert "The worker is not running, so no job runs. No heartbeat yet." in said
    assert "Minutely every minute Not yet run never" in said
    assert "daily at 06:00 UTC" in said


def test_each_job_shows_how_it_went_when_it_comes_next_and_what_went_wrong(
    admin_client, timetable, alive, work
):
    jobs.sync()
    for name in ("raises", "daily"):
        jobs.run_now(jobs.find(name))
    work()
    said = text(admin_client.get(LIST))
    assert "Running heartbeat 0 s ago" in said
    assert "Restarts 2" in said
    daily = r"Daily daily at 06:00 UTC OK 0 s ago took 0(\.\d+)? s .+? ● Run now Weekly"
    assert re.search(daily, said)
    assert re.search(r"Raises on request Failed .+? ✕ ValueError: and the last line", said)


def test_a_late_job_is_called_late(admin_client, timetable, alive):
    now = clock.now()
    sync_lines(now - timedelta(days=1))
    JobLine.objects.filter(name="minutely").update(last_due=now - timedelta(hours=1))
    assert "Minutely every minute Late never" in text(admin_client.get(LIST))


def test_in_simulated_time_the_page_says_who_moves_the_clock(admin_client, timetable, monkeypatch):
    monkeypatch.setattr(clock, "_simulation", lambda: None)
    said = text(admin_client.get(LIST))
    assert "Time is simulated here" in said
    assert "The worker is not running" not in said


def test_a_timetable_without_jobs_is_called_empty(admin_client, timetable, monkeypatch):
    monkeypatch.setattr(timetable, "TIMETABLE", ())
    assert "the timetable is empty" in text(admin_client.get(LIST))


def test_the_page_of_a_job_tells_its_runs_and_who_asked_for_them(
    admin_client, timetable, alive, work
):
    jobs.sync()
    address = reverse("admin:analytics_jobline_run", args=["daily"])
    answer = admin_client.post(address, {"back": "job"}, follow=True)
    assert "Daily: queued" in text(answer)
    assert answer.redirect_chain[-1][0] == f"{LIST}daily/change/"
    assert "running now" in text(answer)
    assert "queued or running already" in text(admin_client.post(address, follow=True))
    work()
    said = text(admin_client.get(f"{LIST}daily/change/"))
    assert re.search(r"Recent runs .+ OK .+ 1 admin Events: 1", said)
    assert "each is made up for, in order" in said
    assert JobRun.objects.get().requested_by.username == "admin"


def test_the_first_page_warns_when_the_worker_or_a_job_stands_still(admin_client, timetable):
    assert "worker" not in text(admin_client.get("/admin/"))
    now = clock.now()
    sync_lines(now - timedelta(days=1))
    JobLine.objects.update(last_due=now)
    assert "The worker is not running: no monitoring" in text(admin_client.get("/admin/"))
    WorkerBeat.objects.create(
        owner="a.1", queue="short", host="h", pid=1, started_at=now, beat_at=now, restarts=0
    )
    assert "worker" not in text(admin_client.get("/admin/"))
    JobLine.objects.filter(name="minutely").update(last_due=now - timedelta(hours=1))
    assert "1 job is late: minutely." in text(admin_client.get("/admin/"))


def test_a_page_of_a_job_that_there_is_not_is_not_found(admin_client, timetable):
    assert admin_client.get(f"{LIST}nothing/change/").status_code == 404
    for name in ("nothing", "raises"):
        assert admin_client.post(f"{LIST}{name}/run/").status_code == 404


def test_who_may_look_may_not_run_and_nobody_runs_by_a_link(client, timetable):
    jobs.sync()
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_jobline"))
    client.force_login(user)
    address = reverse("admin:analytics_jobline_run", args=["daily"])
    assert "Run now" not in text(client.get(LIST))
    assert client.post(address).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="change_jobline"))
    assert "Run now" in text(client.get(LIST))
    assert client.get(address).status_code == 405
    assert not JobRun.objects.exists()
    assert client.post(address).status_code == 302
    assert JobRun.objects.get().requested_by == user


def test_guests_see_nothing(client, timetable):
    user = User.objects.create_user("guest", is_staff=True)
    client.force_login(user)
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}daily/change/").status_code == 403


def test_what_a_job_says_is_shown_as_text(admin_client, timetable, alive):
    now = clock.now()
    jobs.sync()
    JobRun.objects.create(
        job="daily", due=now, queue="short", state="failed", ended_at=now, error="<b>&</b>"
    )
    for address in (LIST, f"{LIST}daily/change/", "/admin/analytics/jobrun/"):
        content = admin_client.get(address).content.decode()
        assert "&lt;b&gt;&amp;&lt;/b&gt;" in content
        assert "<b>&" not in content


def test_the_list_costs_a_few_queries_however_many_jobs(
    admin_client, timetable, alive, work, django_assert_max_num_queries
):
    jobs.sync()
    for name in ("daily", "minutely", "weekly"):
        jobs.run_now(jobs.find(name))
    work(), work("long")
    with django_assert_max_num_queries(22):
        admin_client.get(LIST)

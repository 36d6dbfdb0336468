import json
import sqlite3
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families

from analytics import jobs
from analytics.jobs import prune, status
from analytics.jobs.timetable import sync_lines
from analytics.models import JobLine, JobRun, WorkerBeat
from analytics.monitoring import prometheus
from selflearn import database
from tests.trading.story import make_bot
from trading import clock
from trading.bots import tokens
from trading.db import row_counts

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DEFAULT = {"ENGINE": "django.db.backends.sqlite3"}
pytestmark = pytest.mark.django_db


def beat(seconds: float = 3, queue: str = "short", restarts: int = 0) -> None:
    now = clock.now()
    WorkerBeat.objects.create(
        owner=f"{queue}{seconds}",
        queue=queue,
        host="here",
        pid=1,
        started_at=now,
        beat_at=now - timedelta(seconds=seconds),
        restarts=restarts,
    )


def healthz(client):
    answer = client.get("/healthz")
    return answer.status_code, answer.json()


def test_all_is_well_where_the_worker_was_heard_just_now(timetable, client):
    jobs.sync()
    beat()
    code, found = healthz(client)
    assert (code, found["status"]) == (200, "ok")
    assert found["worker"]["short"]["silent_seconds"] == pytest.approx(3, abs=1)
    assert found["queue"]["short"] == {"waiting": 0, "oldest_seconds": 0.0}
    assert found["jobs"] == {"ok": True, "late": []}


@pytest.mark.parametrize("silent", [None, 61])
def test_a_worker_that_is_silent_or_was_never_there_is_down(client, silent):
    if silent:
        beat(silent)
    code, found = healthz(client)
    assert (code, found["status"], found["worker"]["ok"]) == (503, "down", False)
    assert found["database"]["ok"]


def test_an_old_worker_that_is_gone_does_not_hide_the_new_one(client):
    beat(3000)
    beat(2)
    assert healthz(client)[0] == 200


def test_a_task_that_waits_too_long_is_a_queue_that_is_stuck(client):
    beat()
    OrmQ.objects.create(key="short", payload="", lock=clock.now() - 11 * MINUTE)
    # One that is being done may take its time.
    OrmQ.objects.create(key="short", payload="", lock=clock.now() + DAY)
    code, found = healthz(client)
    assert (code, found["status"], found["queue"]["ok"]) == (503, "down", False)
    assert found["queue"]["short"]["waiting"] == 1
    assert found["queue"]["short"]["oldest_seconds"] == pytest.approx(660, abs=2)


def test_a_job_that_was_not_done_within_its_grace_is_late(timetable, client):
    now = clock.now()
    sync_lines(now - DAY)
    beat()
    JobLine.objects.exclude(name="minutely").update(last_due=now)
    JobLine.objects.filter(name="minutely").update(last_due=now - 9 * MINUTE)
    assert healthz(client)[0] == 200
    JobLine.objects.filter(name="minutely").update(last_due=now - 12 * MINUTE)
    code, found = healthz(client)
    assert (code, found["status"]) == (503, "late")
    assert found["jobs"] == {"ok": False, "late": ["minutely"]}


def test_a_run_that_was_queued_and_does_not_end_is_late(timetable):
    with clock.at(clock.now() - 11 * MINUTE):
        jobs.sync()
        jobs.run_now(jobs.find("daily"))
    JobLine.objects.update(last_due=clock.now())
    assert status.late() == ["daily"]


def test_a_database_that_is_away_is_told_without_its_details(client, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("could not connect to 10.0.0.7 as user secret")

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    code, found = healthz(client)
    assert (code, found["status"]) == (503, "down")
    assert "secret" not in json.dumps(found)


def test_in_simulated_time_no_worker_is_needed(client, monkeypatch):
    monkeypatch.setattr(clock, "_simulation", lambda: None)
    code, found = healthz(client)
    assert (code, found["status"], found["simulated"]) == (200, "ok", True)


def test_health_is_answered_by_any_name_without_https_and_cheaply(
    client, settings, timetable, django_assert_max_num_queries
):
    jobs.sync()
    beat()
    settings.SECURE_SSL_REDIRECT = True
    with django_assert_max_num_queries(6):
        answer = client.get("/healthz", headers={"Host": "10.1.2.3"})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert client.post("/healthz").status_code == 405


@pytest.mark.parametrize(("silent", "word"), [(3, "ok"), (300, "down")])
def test_the_badge_says_the_same(client, silent, word):
    beat(silent)
    answer = client.get("/badge.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert f">{word}<" in answer.content.decode()


def scrape(client, token: str):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_metrics_are_for_who_shows_a_token(client, settings):
    settings.METRICS_TOKEN = "a long secret"
    bot = make_bot()
    reader = tokens.issue(bot, "read")[1]
    assert client.get("/metrics").status_code == 401
    assert scrape(client, "something else").status_code == 401
    assert scrape(client, "a long secret").status_code == 200
    assert scrape(client, reader).status_code == 200
    settings.METRICS_TOKEN = ""
    assert scrape(client, "a long secret").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def samples() -> dict[tuple[str, ...], float]:
    """The values of /metrics by name and label values, as prometheus_client's parser reads them."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(prometheus.text())
        for sample in family.samples
    }


def test_metrics_tell_what_jobs_did_how_full_the_queue_is_and_what_is_stored(timetable, work):
    jobs.sync()
    beat(2, restarts=4)
    for name in ("raises", "daily"):
        jobs.run_now(jobs.find(name))
    work()
    jobs.run_now(jobs.find("claims"))
    found = samples()
    assert found["selflearn_job_runs_total", "daily", "ok"] == 1
    assert found["selflearn_job_runs_total", "daily", "failed"] == 0
    assert found["selflearn_queue_waiting", "short"] == 1
    assert found["selflearn_queue_waiting", "long"] == 0
    assert found["selflearn_worker_restarts", "short"] == 4
    assert found["selflearn_trades_stored",] == 0
    assert found["selflearn_alerts_open",] == 0
    assert found["selflearn_database_bytes",] > 100_000
    assert found["selflearn_job_last_seconds", "daily"] < 5
    assert ("selflearn_job_last_seconds", "weekly") not in found


def test_every_metric_has_a_type_and_a_help_text(timetable, client):
    jobs.sync()
    client.get("/healthz")
    families = list(text_string_to_metric_families(prometheus.text()))
    assert len(families) > 10
    assert {family.type for family in families} == {"gauge", "counter"}
    assert all(family.documentation and family.name.startswith("selflearn_") for family in families)


def test_answers_are_counted_by_the_class_of_their_status(client):
    before = samples()
    client.get("/healthz"), client.get("/admin/"), client.get("/no/such/page")
    after = samples()
    name = "selflearn_http_requests_total"
    counted = [after[name, kind] - before[name, kind] for kind in ("2xx", "3xx", "4xx", "5xx")]
    assert counted == [0, 1, 1, 1]
    seconds = ("selflearn_http_request_seconds_total",)
    assert after[seconds] > before[seconds]


def test_trades_are_counted_exactly_while_they_are_few(monkeypatch, api):
    assert row_counts.trades() == 0
    from tests.trading.story import payload

    for number in range(3):
        assert api.post("trades/", payload(id=f"t{number}")).status_code == 201
    assert row_counts.trades() == 3
    monkeypatch.setattr(row_counts, "COUNTED", 2)
    assert row_counts.trades() >= 3


def test_standings_say_of_each_job_how_it_is_getting_on(timetable, work):
    jobs.sync()
    timetable.here = False
    for name in ("raises", "daily"):
        jobs.run_now(jobs.find(name))
    work()
    jobs.run_now(jobs.find("minutely"))
    found = {one.job.name: one for one in status.standings()}
    assert {name: one.state for name, one in found.items()} == {
        "minutely": "running",
        "daily": "ok",
        "weekly": "waiting",
        "here": "off",
        "raises": "failed",
        "unspeakable": "waiting",
        "claims": "waiting",
        "sleeps": "waiting",
        "leaves": "waiting",
    }
    assert found["raises"].last.error == "ValueError: and the last line"
    assert found["raises"].next_due is None
    assert found["weekly"].next_due > clock.now()


def test_old_runs_are_forgotten_those_that_went_wrong_later(timetable):
    now = clock.now()
    ages = {"young": 1 * DAY, "good": 3 * DAY, "old": 61 * DAY}
    for state in ("ok", "failed"):
        for number, age in enumerate(ages.values()):
            due = now - age + timedelta(seconds=number + (state == "ok") * 10)
            JobRun.objects.create(job="minutely", due=due, queue="short", state=state)
            JobRun.objects.create(job="daily", due=due, queue="short", state=state)
    assert prune.prune(now) == {"runs": 5}
    kept = JobRun.objects.values_list("job", "state").order_by("job", "state", "due")
    assert list(kept) == [("daily", "failed")] * 2 + [("daily", "ok")] * 2 + [
        *[("minutely", "failed")] * 2,
        ("minutely", "ok"),
    ]


def test_the_nightly_look_at_the_database_tells_its_size():
    assert database.examine(clock.now())["bytes"] == database.size() > 0


def test_the_nightly_look_finds_damage(tmp_path, monkeypatch):
    file = tmp_path / "damaged.sqlite3"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE t (a TEXT UNIQUE)")
        made.executemany("INSERT INTO t VALUES (?)", [(f"row {n}" * 20,) for n in range(500)])
    content = bytearray(file.read_bytes())
    content[8 * 4096 + 200 : 8 * 4096 + 900] = b"\xff" * 700
    file.write_bytes(content)
    described = DEFAULT | {"NAME": str(file)}
    opened = DatabaseWrapper({**connections.configure_settings({"default": described})["default"]})
    monkeypatch.setattr(database, "connection", opened)
    with pytest.raises(DatabaseError, match=r"is damaged, restore a backup: Page 9: .+"):
        database.examine(clock.now())
    opened.close()


def test_the_command_that_syncs_says_what_it_changed(timetable, capsys):
    call_command("sync_jobs", "--json")
    assert json.loads(capsys.readouterr().out)["added"] == ["daily", "here", "minutely", "weekly"]
    call_command("sync_jobs")
    assert capsys.readouterr().out == "added: none\nremoved: none\n"

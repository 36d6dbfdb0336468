import logging

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_q.models import OrmQ, Schedule

from selflearn.logs import OneLine


@pytest.fixture
def schedule(db) -> Schedule:
    return Schedule.objects.create(name="nightly", func="math.sqrt", args="4")


def test_the_first_address_leads_to_the_admin(client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.url == reverse("admin:index")


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_background_tasks_can_be_looked_at(admin_client, schedule, model):
    OrmQ.objects.create(key="selflearn", payload="unreadable")
    assert admin_client.get(reverse(f"admin:django_q_{model}_changelist")).status_code == 200


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_nobody_can_name_a_function_to_run(admin_client, schedule, model):
    assert admin_client.get(reverse(f"admin:django_q_{model}_add")).status_code == 403


def test_a_schedule_can_be_neither_changed_nor_deleted(admin_client, schedule):
    change = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"func": "os.system"}).status_code == 403
    delete = reverse("admin:django_q_schedule_delete", args=[schedule.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    schedule.refresh_from_db()
    assert schedule.func == "math.sqrt"


def test_users_are_listed_added_and_changed(admin_client):
    user = User.objects.get(username="admin")
    for address in (
        reverse("admin:auth_user_changelist"),
        reverse("admin:auth_user_add"),
        reverse("admin:auth_user_change", args=[user.pk]),
        reverse("admin:auth_user_password_change", args=[user.pk]),
    ):
        assert admin_client.get(address).status_code == 200


def test_the_sixth_wrong_password_meets_a_locked_door_for_that_user_only(client, db):
    User.objects.create_superuser("owner", password="right horse battery")
    User.objects.create_superuser("other", password="right horse battery")
    login = reverse("admin:login")
    wrong = {"username": "owner", "password": "guess"}
    statuses = [client.post(login, wrong).status_code for _ in range(6)]
    assert statuses[:4] == [200] * 4
    assert statuses[5] == 429
    right = {"username": "owner", "password": "right horse battery"}
    assert client.post(login, right).status_code == 429
    assert client.post(login, right | {"username": "other"}).status_code == 302


def test_a_message_cannot_forge_a_second_line_of_the_log():
    record = logging.LogRecord(
        "a", logging.INFO, "f", 1, "name %s", ("x\nERROR\r\x1b[2J\u2028",), None
    )
    assert OneLine("{message}", style="{").format(record) == ("name x\\nERROR\\r\\x1b[2J\\u2028")


def test_a_traceback_is_one_line_of_the_log():
    try:
        raise ValueError("bad")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "f", 1, "failed", (), trace)
    line = OneLine("{message}", style="{").format(record)
    assert "\n" not in line
    assert line.endswith("ValueError: bad")

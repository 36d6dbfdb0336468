import http.client
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from prometheus_client.parser import text_string_to_metric_families

from .conftest import METRICS_TOKEN, Running, alive, gone, run, start


def ask(running: Running, path: str, **headers: str) -> http.client.HTTPResponse:
    parts = urllib.parse.urlsplit(running.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def log_in(running: Running, password: str) -> int:
    """Send the login form; 302 is in, 200 is the form again."""
    page = ask(running, "/admin/login/")
    token = page.getheader("Set-Cookie").partition("csrftoken=")[2].partition(";")[0]
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token}
    parts = urllib.parse.urlsplit(running.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(
        "POST",
        "/admin/login/",
        urllib.parse.urlencode(form),
        {
            "Cookie": f"csrftoken={token}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": running.url,
        },
    )
    return connection.getresponse().status


@pytest.fixture(scope="module")
def tables(tmp_path_factory, own_database) -> Path:
    """A directory of data as one start leaves it, without a user: the tables stand."""
    folder = tmp_path_factory.mktemp("tables")
    if not own_database:
        assert run("migrate", "-v", "0", DATA_DIR=str(folder)).returncode == 0
    return folder


@pytest.fixture
def data(tmp_path, tables) -> Path:
    """The same for one test: making them is not what it is about."""
    return shutil.copytree(tables, tmp_path / "data")


def test_the_login_page_answers_and_the_password_printed_once_works(running):
    assert ask(running, "/admin/login/").status == 200
    assert "".join(running.printed).count(running.password) == 1
    assert log_in(running, running.password) == 302
    assert log_in(running, "something else") == 200


def test_the_next_step_is_named_when_there_is_no_bot(running):
    running_lines = [line for line in running.printed if "No bot yet" in line]
    assert len(running_lines) <= 1
    # The line follows the address, so it may still be in the pipe when that one was read.
    line = running_lines[0] if running_lines else running.process.stdout.readline()
    assert "import_bot_db" in line
    assert "create_bot" in line


def test_styles_come_without_a_build_step_and_without_another_host(running):
    answer = ask(running, "/static/unfold/css/styles.css")
    assert answer.status == 200
    assert answer.getheader("Content-Type").startswith("text/css")


def test_clients_that_ask_without_pause_leave_room_for_others(running):
    parts = urllib.parse.urlsplit(running.url)
    enough = threading.Event()

    def chat() -> int:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        answered = 0
        while not enough.is_set():
            connection.request("GET", "/api/v1/parameters/")
            answered += connection.getresponse().read().startswith(b'{"detail"')
        connection.close()
        return answered

    with ThreadPoolExecutor(12) as bots:  # more than the server has threads
        chats = [bots.submit(chat) for _ in range(12)]
        visits = [ask(running, "/api/v1/parameters/").status for _ in range(20)]
        enough.set()
    assert visits == [401] * 20
    assert all(chat.result() > 0 for chat in chats)


def test_metrics_add_up_what_all_processes_of_the_web_server_counted(running):
    def counted() -> float:
        answer = ask(running, "/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        text = answer.read().decode()
        values = {
            sample.labels["class"]: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "selflearn_http_requests_total"
        }
        return values["4xx"]

    before = counted()
    for _ in range(20):
        assert ask(running, "/api/v1/parameters/").status == 401
    assert counted() == before + 20


def test_clients_that_connect_and_say_nothing_do_not_hold_up_the_others(running):
    parts = urllib.parse.urlsplit(running.url)
    address = (parts.hostname, parts.port)
    silent = [socket.create_connection(address) for _ in range(6)]
    try:
        assert ask(running, "/admin/login/").status == 200
    finally:
        for connection in silent:
            connection.close()


def test_every_page_carries_the_security_headers(running):
    headers = ask(running, "/admin/login/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    # Their order changes from process to process.
    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_host_that_was_not_allowed_is_refused(running):
    assert ask(running, "/admin/login/", Host="evil.example.org").status == 400


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process_and_a_second_start_keeps_the_user(data, own_database, number):
    first = start(data, **own_database)
    password = first.password
    family = first.family()
    assert len(family) >= 4
    assert first.stop(number) == 0
    assert gone(family, within=2)
    second = start(data, **own_database)
    try:
        assert second.password is None
        if password:
            assert log_in(second, password) == 302
    finally:
        assert second.stop() == 0


def leader(running: Running, *, web: bool) -> int | None:
    """The first of the processes of the web server, or of the worker; None where it is gone."""
    try:
        return next(
            pid
            for pid in running.family()[1:]
            if (b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()) is web
        )
    except (OSError, StopIteration):
        return None


@pytest.mark.either
def test_a_worker_that_is_killed_is_followed_by_another_while_pages_are_served(data, own_database):
    running = start(data, **own_database)
    try:
        worker = leader(running, web=False)
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while leader(running, web=False) in (None, worker):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert running.process.poll() is None
    finally:
        assert running.stop() == 0


@pytest.mark.either
def test_when_the_web_server_dies_everything_stops_and_says_why(data, own_database):
    running = start(data, **own_database)
    family = running.family()
    os.kill(leader(running, web=True), signal.SIGKILL)
    printed = running.process.stdout.read()
    assert running.process.wait(timeout=30) == 1
    assert "the web server stopped unexpectedly (killed by SIGKILL)" in printed
    assert gone(family, within=2)


@pytest.mark.either
def test_a_killed_parent_takes_its_children_along(data, own_database):
    running = start(data, **own_database)
    family = running.family()
    running.process.kill()
    running.process.wait()
    assert gone(family, within=20), alive(family)


def test_a_port_in_use_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = run("up", "--port", port, DATA_DIR=str(tmp_path))
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        f"CommandError: port {port} on 127.0.0.1 is in use: stop the program that uses it, or "
        "choose another with --port"
    ]


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path):
    (tmp_path / "selflearn.sqlite3").write_bytes(b"not a database at all" * 500)
    ran = run("up", "--port", "0", DATA_DIR=str(tmp_path))
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "cannot be used: file is not a database" in ran.stderr


def test_a_database_of_a_newer_version_is_left_alone(data, own_database):
    if own_database:
        pytest.skip("shown with a file")
    with sqlite3.connect(data / "selflearn.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('auth', '9999_from_the_future', '2030-01-01')"
        )
    ran = run("up", "--port", "0", DATA_DIR=str(data))
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "newer version (auth.9999_from_the_future)" in ran.stderr


def test_the_worker_refuses_a_database_that_is_behind(tmp_path):
    ran = run("worker", DATA_DIR=str(tmp_path))
    assert ran.returncode == 1
    assert "run manage.py migrate first" in ran.stderr


def test_the_password_is_stored_only_as_a_slow_hash(tmp_path):
    first = start(tmp_path)
    assert first.stop() == 0
    content = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert first.password.encode() not in content
    assert PBKDF2PasswordHasher.algorithm.encode() + b"$" in content

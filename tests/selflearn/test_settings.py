import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, clean_environment, run

READ = """
import json, selflearn.settings as settings
plain = {k: v for k, v in vars(settings).items() if k.isupper() and k != "UNFOLD"}
print(json.dumps(plain, default=str))
"""


def read(data: Path, **variables: str) -> dict:
    """The settings of a process with these variables."""
    ran = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=ROOT,
        env=clean_environment(DATA_DIR=str(data), **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("PRODUCTION", "2"),
        ("HTTPS", "si"),
        ("SIMULATION", "tru"),
        ("PROXY_COUNT", "-1"),
        ("PROXY_COUNT", "many"),
        ("ALLOWED_HOSTS", "https://bot.example.org"),
        ("ALLOWED_HOSTS", "bot.example.org:8000"),
        ("CSRF_TRUSTED_ORIGINS", "bot.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "https://bot.example.org/admin"),
        ("DATABASE_URL", "mysql://me@host/name"),
        ("DATABASE_URL", "postgres://me@host"),
        ("DATABASE_URL", "postgres://me@host:port/name"),
        ("EMAIL_URL", "mail.example.org"),
        ("LOG_LEVEL", "loud"),
        ("DATA_DIR", "/dev/null/data"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(tmp_path, name, value):
    ran = run("check", **{"DATA_DIR": str(tmp_path), name: value})
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith(f"selflearn: {name}")


@pytest.mark.parametrize("name", ["DEBUG", "SIMULATION"])
def test_production_refuses_what_is_dangerous_there(tmp_path, name):
    ran = run("check", **{"DATA_DIR": str(tmp_path), "PRODUCTION": "1", name: "1"})
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"selflearn: {name}")


def test_a_refused_address_does_not_show_its_password(tmp_path):
    ran = run("check", DATA_DIR=str(tmp_path), DATABASE_URL="mysql://me:sesame@host/name")
    assert "sesame" not in ran.stderr


def test_without_any_variable_it_is_sqlite_for_this_machine_alone(tmp_path):
    found = read(tmp_path)
    database = found["DATABASES"]["default"]
    assert database["NAME"] == str(tmp_path / "selflearn.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["ATOMIC_REQUESTS"] is False
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["DEBUG"] is found["PRODUCTION"] is found["SIMULATION"] is False


def test_an_empty_variable_means_its_default(tmp_path):
    names = ("ALLOWED_HOSTS", "DEBUG", "DATABASE_URL", "PROXY_COUNT", "SECRET_KEY", "HTTPS")
    emptied, absent = read(tmp_path, **dict.fromkeys(names, "")), read(tmp_path)
    for name in (*names[:2], "DATABASES", *names[3:]):
        assert emptied[name] == absent[name]


def test_a_mail_server_is_read_from_its_address(tmp_path):
    found = read(tmp_path, EMAIL_URL="smtp+tls://me:secret@mail.example.org:587")
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert found["EMAIL_USE_TLS"] is True


def test_postgresql_gets_time_limits_and_keeps_what_its_address_asks(tmp_path):
    url = "postgres://me:secret@db.example.org:5433/bots?sslmode=require"
    database = read(tmp_path, DATABASE_URL=url)["DATABASES"]["default"]
    assert database["NAME"] == "bots"
    assert database["OPTIONS"]["sslmode"] == "require"
    for limit in ("statement_timeout=30s", "lock_timeout=5s", "session_timeout=60s"):
        assert limit in database["OPTIONS"]["options"]
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)


def test_a_task_is_taken_for_lost_only_after_it_could_have_run_and_waited(tmp_path):
    queue = read(tmp_path)["Q_CLUSTER"]
    waiting = queue["queue_limit"] / queue["workers"]
    assert queue["retry"] > (waiting + 1) * queue["timeout"]


def test_https_makes_the_cookies_secure_and_a_proxy_is_believed_only_when_counted(tmp_path):
    plain = read(tmp_path)
    assert not plain["SESSION_COOKIE_SECURE"]
    assert "SECURE_PROXY_SSL_HEADER" not in plain
    public = read(tmp_path, PRODUCTION="1", ALLOWED_HOSTS="bot.example.org", PROXY_COUNT="1")
    assert public["SESSION_COOKIE_SECURE"]
    assert public["CSRF_COOKIE_SECURE"]
    assert public["SECURE_HSTS_SECONDS"] == 31_536_000
    assert public["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert public["AXES_IPWARE_PROXY_COUNT"] == 1


def test_the_secret_key_is_made_once_for_the_owner_alone(tmp_path):
    first = read(tmp_path)["SECRET_KEY"]
    assert len(first) >= 50
    assert read(tmp_path)["SECRET_KEY"] == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_at_the_same_time_agree_on_the_secret_key(tmp_path):
    code = (
        "import sys, pathlib; from selflearn.environment import secret_key;"
        "input(); print(secret_key('SECRET_KEY', file=pathlib.Path(sys.argv[1])))"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "secret_key")],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert len({racer.communicate()[0] for racer in racers}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_a_truncated_secret_key_is_refused(tmp_path):
    (tmp_path / "secret_key").write_text("short\n")
    ran = run("check", DATA_DIR=str(tmp_path))
    assert ran.returncode == 1
    assert ran.stderr.startswith("selflearn: SECRET_KEY")


def test_the_example_file_names_every_variable_that_is_read():
    code = (ROOT / "selflearn" / "settings.py").read_text()
    example = (ROOT / ".env.example").read_text()
    for line in code.splitlines():
        if "environment." in line and '("' in line:
            name = line.partition('("')[2].partition('"')[0]
            assert f"\n#{name}=" in example, name

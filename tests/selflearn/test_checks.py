import pytest
from django.conf import settings as project
from django.db import connections
from django.db.utils import ConnectionHandler

from selflearn import checks

from .conftest import run


def ids(found) -> list[str]:
    return [message.id for message in found]


@pytest.fixture
def sqlite(db, monkeypatch, tmp_path):
    """Replace the connections by one to a SQLite file whose settings a test can spoil."""

    def opened(**spoiled):
        described = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": tmp_path / "file.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
        described["NAME"] = spoiled.pop("NAME", described["NAME"])
        described["OPTIONS"] |= spoiled
        handler = ConnectionHandler({"default": described})
        monkeypatch.setattr(checks, "connections", handler)
        found = checks.database_check(None, databases=["default"])
        handler.close_all()
        return found

    return opened


def test_the_settings_as_shipped_pass(sqlite):
    assert sqlite() == []


@pytest.mark.parametrize(
    ("spoiled", "expected"),
    [
        ({"transaction_mode": None}, "selflearn.E001"),
        ({"transaction_mode": "DEFERRED"}, "selflearn.E001"),
        ({"init_command": "PRAGMA synchronous=FULL;"}, "selflearn.E002"),
        ({"timeout": 1}, "selflearn.E003"),
        ({"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}, "selflearn.E004"),
    ],
)
def test_a_wrong_setting_is_read_back_and_comes_with_the_remedy(sqlite, spoiled, expected):
    found = sqlite(**spoiled)
    assert ids(found) == [expected]
    assert "selflearn/settings.py" in found[0].hint


def test_a_database_in_memory_cannot_be_used(sqlite):
    assert ids(sqlite(NAME=":memory:")) == ["selflearn.E002"]


def test_a_file_that_is_no_database_is_an_error_and_not_a_crash(sqlite, tmp_path):
    (tmp_path / "file.sqlite3").write_text("not a database " * 100)
    found = sqlite()
    assert ids(found) == ["selflearn.E010"]
    assert "file is not a database" in found[0].msg


@pytest.mark.django_db
def test_the_database_of_this_run_passes():
    assert checks.database_check(None, databases=list(connections)) == []


def test_a_plain_check_needs_no_database_server(tmp_path):
    unreachable = "postgres://nobody@127.0.0.1:1/nothing"
    ran = run("check", DATA_DIR=str(tmp_path), DATABASE_URL=unreachable)
    assert ran.returncode == 0, ran.stderr
    ran = run("check", "--database", "default", DATA_DIR=str(tmp_path), DATABASE_URL=unreachable)
    assert ran.returncode == 1
    assert "selflearn.E010" in ran.stderr


def test_a_data_directory_that_is_a_file_or_missing_is_an_error(settings, tmp_path):
    (tmp_path / "file").touch()
    for bad in (tmp_path / "file", tmp_path / "missing"):
        settings.DATA_DIR = bad
        assert ids(checks.data_directory_check(None)) == ["selflearn.E005"]
    settings.DATA_DIR = tmp_path
    assert checks.data_directory_check(None) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"SECRET_KEY": "x" * 49}, ["selflearn.E006"]),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["localhost"]}, []),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["bot.example.org"]}, ["selflearn.E007"]),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["*"]}, ["selflearn.E007"]),
        ({"PRODUCTION": True, "ALLOWED_HOSTS": ["*"]}, ["selflearn.E008"]),
        ({"PRODUCTION": True, "ALLOWED_HOSTS": ["localhost"]}, ["selflearn.W011"]),
        (
            {"PRODUCTION": True, "SIMULATION": True, "ALLOWED_HOSTS": ["bot.example.org"]},
            ["selflearn.E009"],
        ),
    ],
)
def test_settings_that_let_strangers_in_are_errors(settings, changed, expected):
    for name, value in changed.items():
        setattr(settings, name, value)
    found = checks.settings_check(None)
    assert ids(found) == expected
    assert all(message.hint for message in found)


def test_production_settings_pass_the_deployment_check(tmp_path):
    ran = run(
        *("check", "--deploy", "--fail-level", "WARNING"),
        DATA_DIR=str(tmp_path),
        PRODUCTION="1",
        ALLOWED_HOSTS="bot.example.org",
    )
    assert ran.returncode == 0, ran.stderr


def test_no_migration_is_missing(tmp_path):
    ran = run("makemigrations", "--check", "--dry-run", DATA_DIR=str(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_tests_run_in_the_transaction_mode_of_the_product():
    if project.SQLITE:
        assert connections["default"].settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert "memory" not in str(connections["default"].settings_dict["TEST"]["NAME"])

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from selflearn import bootstrap

from .conftest import MANAGE, ROOT


@pytest.fixture
def project(tmp_path) -> Path:
    """A checkout with two locks, whose environment is a link to the Python that runs."""
    (tmp_path / "requirements.txt").write_text("a==1\nb==2\n")
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==2\nc==3\n")
    return tmp_path


@pytest.fixture
def environment(project) -> Path:
    home = project / ".venv"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").symlink_to(sys.executable)
    return home


@pytest.fixture
def installs(monkeypatch) -> list[str]:
    """The locks whose install was asked for; nothing is installed."""
    asked = []

    def install(home, lock):
        asked.append(lock.name)
        (home / bootstrap.STAMP).write_text(bootstrap.digest(lock))

    monkeypatch.setattr(bootstrap, "install", install)
    return asked


class Replaced(Exception):
    """In place of becoming another process."""


@pytest.fixture
def executed(monkeypatch) -> list[list[str]]:
    calls = []

    def execv(path, arguments):
        calls.append(arguments)
        raise Replaced

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.delenv(bootstrap.MARK, raising=False)
    return calls


def test_an_older_python_is_told_which_one_is_needed(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit) as left:
        runpy.run_path(MANAGE, run_name="__main__")
    assert "needs Python 3.11 or newer, this is 3.9" in str(left.value)


def test_before_the_environment_is_there_only_the_standard_library_is_used():
    code = "import sys; from selflearn import bootstrap; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    top = {name.partition(".")[0] for name in ran.stdout.split()}
    assert top - set(sys.stdlib_module_names) <= {"selflearn", "__main__", "sitecustomize"}


def test_where_everything_can_be_imported_nothing_happens(project, executed):
    bootstrap.ensure(project, ["check"])
    bootstrap.ensure(project, ["test"])
    assert executed == []
    assert not (project / ".venv").exists()


def test_a_bare_python_starts_over_in_the_environment(
    project, environment, installs, executed, monkeypatch
):
    monkeypatch.setattr(bootstrap, "importable", lambda names: False)
    with pytest.raises(Replaced):
        bootstrap.ensure(project, ["up", "--port", "9000"])
    assert installs == ["requirements.txt"]
    python = str(environment / "bin" / "python")
    assert executed == [[python, str(project / "manage.py"), "up", "--port", "9000"]]


def test_an_environment_that_stays_incomplete_ends_in_a_message_and_not_in_a_circle(
    project, executed, monkeypatch
):
    monkeypatch.setattr(bootstrap, "importable", lambda names: False)
    monkeypatch.setenv(bootstrap.MARK, "1")
    with pytest.raises(SystemExit, match=r"delete \.venv"):
        bootstrap.ensure(project, ["up"])
    assert executed == []


def test_a_second_start_installs_nothing(project, environment, installs, capsys):
    bootstrap.prepare(project, testing=False)
    capsys.readouterr()
    bootstrap.prepare(project, testing=False)
    assert installs == ["requirements.txt"]
    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_installed(project, environment, installs):
    bootstrap.prepare(project, testing=False)
    (project / "requirements.txt").write_text("a==2\n")
    bootstrap.prepare(project, testing=False)
    assert installs == ["requirements.txt", "requirements.txt"]


def test_the_tests_add_the_development_lock_which_serves_both(project, environment, installs):
    bootstrap.prepare(project, testing=False)
    bootstrap.prepare(project, testing=True)
    bootstrap.prepare(project, testing=False)
    bootstrap.prepare(project, testing=True)
    assert installs == ["requirements.txt", "requirements-dev.txt"]


def test_an_interrupted_install_is_taken_up_again(project, environment, monkeypatch):
    (environment / bootstrap.STAMP).write_text("of an older lock")
    lock = project / "requirements.txt"

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "installer", lambda home: ["pip"])
    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install(environment, lock)
    assert not (environment / bootstrap.STAMP).exists()
    assert not bootstrap.up_to_date(environment, project, testing=False)


def test_a_failed_install_shows_the_end_of_what_the_installer_said(
    project, environment, monkeypatch
):
    talk = "import sys; print('no such file\\nhash mismatch'); sys.exit(1)"
    monkeypatch.setattr(bootstrap, "installer", lambda home: [sys.executable, "-c", talk])
    with pytest.raises(bootstrap.Failed, match="hash mismatch"):
        bootstrap.install(environment, project / "requirements.txt")
    assert not (environment / bootstrap.STAMP).exists()


def test_every_file_is_checked_against_its_hash(project, environment, monkeypatch):
    seen = project / "arguments"
    note = f"import sys, pathlib; pathlib.Path({str(seen)!r}).write_text(' '.join(sys.argv))"
    monkeypatch.setattr(bootstrap, "installer", lambda home: [sys.executable, "-c", note])
    bootstrap.install(environment, project / "requirements.txt")
    assert "install --require-hashes" in seen.read_text()
    assert bootstrap.up_to_date(environment, project, testing=False)


def test_an_environment_whose_python_is_gone_is_made_anew(project, installs, monkeypatch):
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/nowhere/python3.11")
    made = []

    def make(home):
        made.append(home)

    monkeypatch.setattr(bootstrap, "make", make)
    bootstrap.prepare(project, testing=False)
    assert made == [project / ".venv"]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_the_locks_name_no_source_and_hash_every_package(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")]
    packages = [block for block in text.replace("\\\n", " ").splitlines() if "==" in block]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)

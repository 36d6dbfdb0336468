"""Running the real thing: a copy of the product in processes of its own, on data of its own."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = str(ROOT / "manage.py")
METRICS_TOKEN = "of the server under test"
MEANT_FOR_US = frozenset(
    {
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "DATABASE_URL",
        "DATA_DIR",
        "DEBUG",
        "DJANGO_SETTINGS_MODULE",
        "EMAIL_URL",
        "HTTPS",
        "LOG_LEVEL",
        "METRICS_TOKEN",
        "PRODUCTION",
        "PROXY_COUNT",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "SIMULATION",
    }
)


def clean_environment(**variables: str) -> dict[str, str]:
    """This process's environment without what steers the product, plus ``variables``."""
    kept = {name: value for name, value in os.environ.items() if name not in MEANT_FOR_US}
    return kept | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command of manage.py to its end, in a clean environment."""
    return subprocess.run(
        [sys.executable, MANAGE, *arguments],
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def own_database(database_server) -> Iterator[dict[str, str]]:
    """The variable that names a database for the processes of one module, as this run uses."""
    if not database_server:
        yield {}
        return
    name = f"selflearn_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{database_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield {"DATABASE_URL": f"{database_server}/{name}"}
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass
class Running:
    """A started ``manage.py up``."""

    process: subprocess.Popen[str]
    printed: list[str]

    @property
    def url(self) -> str:
        return re.search(r"http://\S+/", "".join(self.printed))[0]

    @property
    def password(self) -> str | None:
        found = re.search(r"password  (\S+)", "".join(self.printed))
        return found and found[1]

    def family(self) -> list[int]:
        """The process and all that descend from it."""
        found = [self.process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found += map(int, children.read_text().split())
        return found

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        self.printed += self.process.stdout.readlines()
        return self.process.wait(timeout=30)


def start(data: Path, **variables: str) -> Running:
    """Start the product on a free port and wait until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, MANAGE, "up", "--port", "0"],
        # Nobody reads on once it is ready: a line per request would fill the pipe and stop it.
        env=clean_environment(DATA_DIR=str(data), **{"LOG_LEVEL": "WARNING", **variables}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Running(process, [])
    _started.append(running)
    for line in process.stdout:
        running.printed.append(line)
        if "is ready" in line:
            return running
    raise AssertionError("".join(running.printed))


_started: list[Running] = []


@pytest.fixture(scope="module", autouse=True)
def none_left_behind() -> Iterator[None]:
    """Stop what a failed test left running."""
    yield
    while _started:
        running = _started.pop()
        if running.process.poll() is None:
            running.stop()


def alive(pids: list[int]) -> list[int]:
    """Those processes that still run; a zombie, which nobody reaped yet, does not."""
    states = {}
    for pid in pids:
        try:
            states[pid] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
    return [pid for pid, state in states.items() if state != "Z"]


def gone(pids: list[int], *, within: float) -> bool:
    """Whether all of them end in time."""
    deadline = time.monotonic() + within
    while alive(pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def running(tmp_path_factory, own_database) -> Iterator[Running]:
    """One started product for the tests of a module that only look at it."""
    data = tmp_path_factory.mktemp("data")
    started = start(data, METRICS_TOKEN=METRICS_TOKEN, **own_database)
    yield started
    started.stop()


@pytest.fixture
def errands(transactional_db, settings) -> None:
    """The timetable of the workers under test, in this process too."""
    settings.TIMETABLE = "tests.selflearn.errands.TIMETABLE"

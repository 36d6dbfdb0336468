"""The first command that people type, as they type it."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from tests.selflearn.conftest import MANAGE, clean_environment, run


class Started:
    """``manage.py up --demo``, read until it says that it is ready."""

    def __init__(self, data) -> None:
        self.process = subprocess.Popen(
            [sys.executable, MANAGE, "up", "--demo", "--port", "0"],
            env=clean_environment(DATA_DIR=str(data)),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.printed: list[str] = []
        for line in self.process.stdout:
            self.printed.append(line)
            if "is ready" in line:
                break

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def started(tmp_path) -> Iterator[list[Started]]:
    processes: list[Started] = []
    yield processes
    for process in processes:
        if process.process.poll() is None:
            process.stop()


def trades(data) -> int:
    answer = run("query_pnl", "--bot", "demo", "--mode", "paper", "--json", DATA_DIR=str(data))
    return sum(row["trades"] for row in json.loads(answer.stdout))


def test_up_fills_an_empty_installation_once_and_the_pages_answer(tmp_path, started):
    started.append(Started(tmp_path))
    text = "".join(started[0].printed)
    assert "demo: ready after" in text, text
    # Over HTTP, through the server that was just started.
    assert "POST /api/v1/trades/ 201" in text
    url = re.search(r"http://\S+/", text)[0]
    with urllib.request.urlopen(f"{url}admin/login/", timeout=10) as page:
        assert page.status == 200
    count = trades(tmp_path)
    assert count > 500
    assert started[0].stop() == 0
    started.append(Started(tmp_path))
    text = "".join(started[1].printed)
    assert "demo: exists already" in text
    assert "POST /api/v1/trades/" not in text
    # The worker may have lived a minute meanwhile.
    assert 0 <= trades(tmp_path) - count < 50
    assert started[1].stop() == 0

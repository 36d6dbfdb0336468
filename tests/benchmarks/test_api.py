"""The benchmark of the API runs to its table, at sizes at which its figures say nothing."""

import os
import subprocess
import sys

import pytest

from tests.benchmarks.test_scripts import ROOT


@pytest.mark.soak
def test_it_compares_itself_over_http_and_leaves_nothing_behind(tmp_path, database_server):
    environment = {**os.environ, "DATABASE_URL": database_server, "TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "api.py", "--turns", "1", "--stored", "2000"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for measured in ("with context a POST", "one trade a POST", "GET parameters, 304"):
        assert measured in ran.stdout
    assert list(tmp_path.iterdir()) == []

"""Every benchmark runs from its one line, at sizes at which its figures say nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Histories of a few hours: the first day of a history may be short.
SMALL = ("--trades", "2000")
SCRIPTS = {
    "generate_trades.py": (*SMALL, "--context", "--data", "kept"),
    "windows.py": ("--trades", "28000"),
    "changes.py": ("--trades", "28000"),
    "rebuild.py": (*SMALL, "--batches", "2"),
    "candles.py": ("--candles", "500"),
    "stored_replay.py": ("--bars", "2000"),
    "startup.py": ("--repeats", "1"),
    "monitoring.py": ("--trades", "28000"),
    "experiments.py": ("--runs", "4"),
    "replay.py": ("--bars", "3000", "--real", "2000", "3000", "--repeats", "1"),
    "setups.py": ("--runs", "2"),
    "sweep.py": ("--bars", "2000", "--repeats", "1", "--some", "1"),
    "worlds.py": ("--runs", "4", "--days", "200"),
    "lists.py": (*SMALL, "--candles", "500", "--repeats", "1"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_benchmark_prints_its_table_and_leaves_nothing_behind(script, tmp_path, database_server):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "DATABASE_URL": database_server, "TMPDIR": str(scratch)}
    ran = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / script, *SCRIPTS[script]],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if script == "generate_trades.py":
        assert "made 2,000 trades" in ran.stdout
        drop(database_server, "benchmark_trades_2000")
    else:
        assert re.search(r"^\| what +\| ours", ran.stdout, re.MULTILINE)
    assert list(scratch.iterdir()) == []


def drop(url: str, name: str) -> None:
    if url:
        import psycopg

        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')


def test_every_benchmark_is_tried_and_told_about():
    scripts = {
        file.name
        for file in (ROOT / "benchmarks").glob("*.py")
        if file.read_text().startswith("#!")
    }
    assert scripts == set(SCRIPTS)
    told = (ROOT / "benchmarks" / "README.md").read_text()
    assert [name for name in sorted(scripts) if f"benchmarks/{name}" not in told] == []

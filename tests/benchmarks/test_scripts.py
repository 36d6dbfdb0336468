"""Every benchmark imports; with ``-m soak`` each also runs to its table, at small sizes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Histories of a few hours: the first day of a history may be short.
SMALL = ("--trades", "2000")
TABLE = re.compile(r"^\| what +\| ours", re.MULTILINE)
SCRIPTS = {
    "generate_trades.py": (*SMALL, "--context", "--data", "kept"),
    "windows.py": ("--trades", "28000"),
    "changes.py": ("--trades", "28000"),
    "rebuild.py": (*SMALL, "--batches", "2", "--before", "2000"),
    "candles.py": ("--candles", "500"),
    "stored_replay.py": ("--bars", "2000"),
    "monitoring.py": ("--trades", "28000"),
    "lists.py": (*SMALL, "--candles", "500", "--repeats", "1", "--addresses", "3"),
}
ANYWHERE = ("generate_trades.py", "candles.py", "changes.py")  # the others take the same ways
WITHOUT_DATABASE = {
    "startup.py": ("--repeats", "1"),
    "experiments.py": ("--runs", "4"),
    "replay.py": ("--bars", "3000", "--real", "2000", "3000", "--repeats", "1"),
    "setups.py": ("--runs", "1", "--trades", "6000"),
    "sweep.py": ("--bars", "2000", "--repeats", "1", "--some", "1"),
    "worlds.py": ("--runs", "4", "--days", "200"),
}


IMPORT_ALL = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
for script in sys.argv[2:]:
    runpy.run_path(f"{sys.argv[1]}/{script}", run_name="imported")
"""


def test_every_benchmark_can_be_imported(tmp_path):
    folder = str(ROOT / "benchmarks")
    scripts = sorted({*SCRIPTS, *WITHOUT_DATABASE, "api.py"})
    subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, folder, *scripts],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        check=True,
    )


@pytest.mark.soak
@pytest.mark.parametrize("script", ANYWHERE)
def test_a_benchmark_prints_its_table_and_leaves_nothing_behind(script, tmp_path, database_server):
    printed = ran(script, SCRIPTS[script], tmp_path, database_server)
    if script == "generate_trades.py":
        assert "made 2,000 trades" in printed
        drop(database_server, "benchmark_trades_2000")
        drop(database_server, "benchmark_empty")
    else:
        assert TABLE.search(printed)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """Where benchmarks find what others made."""
    return tmp_path_factory.mktemp("kept")


@pytest.mark.soak
@pytest.mark.parametrize("script", [name for name in SCRIPTS if name not in ANYWHERE])
def test_a_benchmark_prints_its_table_on_sqlite(script, tmp_path, kept):
    assert TABLE.search(ran(script, (*SCRIPTS[script], "--data", str(kept)), tmp_path, ""))


@pytest.mark.soak
@pytest.mark.parametrize("script", WITHOUT_DATABASE)
def test_a_benchmark_without_a_database_prints_its_table(script, tmp_path):
    assert TABLE.search(ran(script, WITHOUT_DATABASE[script], tmp_path, ""))


def ran(script: str, arguments: tuple[str, ...], folder: Path, server: str) -> str:
    """What a benchmark printed; it left nothing behind."""
    scratch = folder / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / script, *arguments],
        cwd=folder,
        text=True,
        env={**os.environ, "DATABASE_URL": server, "TMPDIR": str(scratch)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(scratch.iterdir()) == []
    return done.stdout


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
    assert scripts == {*SCRIPTS, *WITHOUT_DATABASE}
    described = (ROOT / "benchmarks" / "README.md").read_text()
    assert [name for name in sorted(scripts) if f"benchmarks/{name}" not in described] == []

"""The running API does what its own description says, whatever is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trading.story import make_bot
from trading.bots import tokens

from .server import Server
from .server import server_of_the_module as _server  # noqa: F401

CONFIG = Path(__file__).with_name("schemathesis.toml")


DECLARE = "--include-operation-id=post_strategies"
# Once a strategy was declared, the schema that was read before refuses what the API now takes.
ALL_BUT_DECLARE = "--exclude-operation-id=post_strategies"


def held_against_schema(
    server: Server, operations: str, examples: int, *phases: str
) -> subprocess.CompletedProcess[str]:
    """Requests of every kind, right and wrong."""
    _, secret = tokens.issue(make_bot(), "operate")
    command = (
        *(sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"http://127.0.0.1:{server.port}/api/schema/", "--no-color"),
        *("--header", f"Authorization: Bearer {secret}", "--max-examples", str(examples)),
        # One worker: Python 3.11 parses source in two threads at once with a SystemError.
        *(operations, "--seed", "1", "--workers", "1", "--continue-on-failure", *phases),
    )
    return subprocess.run(
        command,
        cwd=server.data,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )


@pytest.mark.parametrize("operations", [ALL_BUT_DECLARE, DECLARE])
@pytest.mark.django_db(transaction=True)
def test_the_api_keeps_to_its_description(server, database_server, operations):
    # What is refused by its shape never comes to the database: one of them is enough for that.
    phases = ["--phases=fuzzing,stateful"] if database_server else []
    found = held_against_schema(server, operations, 3, *phases)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]


@pytest.mark.soak
@pytest.mark.parametrize("operations", [ALL_BUT_DECLARE, DECLARE])
@pytest.mark.django_db(transaction=True)
def test_the_api_keeps_to_its_description_for_long(server, operations):
    found = held_against_schema(server, operations, examples=200)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]

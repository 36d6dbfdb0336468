"""The rules of strategies compiled ahead, so that no replay has to wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from typing import Any

from django.conf import settings

LIMIT = 1_800  # seconds, beside much other work
# Last of all, and in a process of its own: what compiling needs is given back.
PROGRAM = """
import os
os.nice(19)
from trading.strategies import REGISTRY
from trading.strategies.engine.precompile import warm
print(warm(REGISTRY.values()))
"""


def compile_rules(as_of: datetime) -> dict[str, Any]:
    """The job: compile what this version of the rules has not compiled yet; it stays on disk, and
    takes a second where it is there."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
    )
    return {"strategies": int(done.stdout)}

"""Child processes that end with their parent: each in a group of its own, none left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A running program and the name it goes by in messages."""

    name: str
    process: subprocess.Popen[bytes]

    def ended(self) -> str | None:
        """How it ended, in words; None while it runs."""
        status = self.process.poll()
        if status is None:
            return None
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        return f"exit status {status}"


def start(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    keep_open: Sequence[int] = (),
) -> Child:
    """Start a program in a session of its own, so that Ctrl-C reaches it only through us."""
    process = subprocess.Popen(
        command,
        env=dict(environment),
        pass_fds=keep_open,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )
    return Child(name, process)


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux: have the child asked to stop when its parent is gone, even by kill -9."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM) and None


def stop(children: Sequence[Child], *, patience: float, hurry: Callable[[], bool]) -> None:
    """Ask all to stop; after ``patience`` seconds, or when ``hurry`` says so, kill what is left.

    The whole groups are killed at the end: a program that died may have left processes.
    """
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + patience
    while any(child.process.poll() is None for child in children):
        if time.monotonic() > deadline or hurry():
            break
        time.sleep(0.05)
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

"""Child processes that end with their parent, each in a process group of its own."""

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
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Looked up here: between a fork and what follows as little as possible should happen.
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None


@dataclass
class Forked:
    """A forked copy of this process, with the methods of Popen that are used here."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        return self._wait(0)

    def terminate(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


@dataclass(frozen=True)
class Child:
    """A running program and its name in messages."""

    name: str
    process: subprocess.Popen[bytes] | Forked

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
    """Start a program in a session of its own, so that Ctrl-C does not reach it directly."""
    process = subprocess.Popen(
        command,
        env=dict(environment),
        pass_fds=keep_open,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_asked_to_stop_with_parent,
    )
    return Child(name, process)


def fork(name: str, work: Callable[[], None], *, closing: Sequence[int] = ()) -> Child:
    """Run a function in a copy of this process, which shares the memory of what is loaded.

    In a session of its own and without the descriptors in ``closing``. Only from a process
    without threads, and without connections that the copy would share.
    """
    pid = os.fork()
    if pid:
        return Child(name, Forked(pid))
    status = 1
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _asked_to_stop_with_parent()
        for descriptor in closing:
            os.close(descriptor)
        work()
        status = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def die_with_parent(number: int) -> None:
    """On Linux: have this process sent a signal when its parent is gone, even by kill -9."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, number)


def _asked_to_stop_with_parent() -> None:
    die_with_parent(signal.SIGTERM)


def stop(children: Sequence[Child], *, patience: float, hurry: Callable[[], bool]) -> None:
    """Send SIGTERM; after ``patience`` seconds, or when ``hurry()`` is true, kill the groups."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + patience
    while any(child.process.poll() is None for child in children):
        if time.monotonic() > deadline or hurry():
            break
        time.sleep(0.05)
    for child in children:
        kill(child)


def kill(child: Child) -> None:
    """Kill its process group, also where the child itself has ended already, and reap it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    # It may not have its own group yet.
    child.process.kill()
    child.process.wait()


def children(pid: int) -> list[int]:
    """The direct child processes, zombies included. Empty where there is no /proc."""
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def has_lost_child(pid: int) -> bool:
    """Whether a child of the process ended and was waited for: its page faults are counted."""
    try:
        faults = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[8]
    except OSError:
        return False
    return faults != "0"


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return True  # of another user, or there is no /proc

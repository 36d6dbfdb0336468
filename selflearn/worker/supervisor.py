"""Starts the clusters, watches them, kills and replaces them. Needs neither database nor disk."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from selflearn.worker.timeouts import Pace

log = logging.getLogger("selflearn.worker")
GLANCE = 0.5  # seconds


@dataclass
class Running:
    """A forked cluster and what was heard from it."""

    pid: int
    owner: str
    channel: int
    started_at: float
    heard: dict[str, float] = field(default_factory=dict)
    innocent: set[int] = field(default_factory=set)
    well: bool = False
    reaped: bool = False
    _rest: bytes = b""

    def ended(self) -> str | None:
        """How it ended, in words; "" where it went home by itself, None while it runs."""
        found, status = os.waitpid(self.pid, os.WNOHANG)
        if not found:
            return None
        self.reaped = True
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}" if code else ""

    def kill(self) -> None:
        """The whole group, whoever of it is left; the child itself is reaped."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if not self.reaped:
            # It may not yet have made a group of its own.
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.reaped = True

    def listen(self) -> set[str]:
        """Read what it said; return the queues it wants to be worked on."""
        wanted = set()
        with contextlib.suppress(BlockingIOError):
            self._rest += os.read(self.channel, 65536)
        *lines, self._rest = self._rest.split(b"\n")
        for line in filter(None, lines):
            word, *rest = line.decode().split()
            self.heard[word] = time.monotonic()
            self.well = self.well or word == "well"
            if word == "wanted":
                wanted |= set(rest)
            elif word == "innocent":
                self.innocent |= set(map(int, rest))
        return wanted

    def silent(self, who: str) -> float:
        """Seconds since that process was last heard, or was started."""
        return time.monotonic() - self.heard.get(who, self.started_at)


@dataclass
class Slot:
    """One queue, and the history of its clusters."""

    queue: str
    always: bool
    wanted: bool = False
    running: Running | None = None
    failures: int = 0  # in a row, of clusters that never got well
    restarts: int = 0
    not_before: float = 0.0
    predecessors: list[str] = field(default_factory=list)
    innocent: dict[str, set[int]] = field(default_factory=dict)


class Supervisor:
    """``birth`` is called in the forked process, with queue, owner, the descriptor to speak to
    and the slot; what it returns is the exit status."""

    def __init__(
        self,
        always: tuple[str, ...],
        lazy: tuple[str, ...],
        pace: Pace,
        birth: Callable[[Slot, str, int], int],
    ) -> None:
        self.slots = [Slot(q, True) for q in always] + [Slot(q, False) for q in lazy]
        self._pace = pace
        self._birth = birth
        self._name = uuid.uuid4().hex[:12]
        self._born = 0
        self._asked: list[int] = []

    def run(self) -> None:
        """Until asked to stop by a signal."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, frame: self._asked.append(number))
        try:
            while not self._asked:
                for slot in self.slots:
                    self._watch(slot)
                self._hear()
        finally:
            self._stop()

    def _watch(self, slot: Slot) -> None:
        """Replace what has ended or gone silent; start what is to run."""
        running = slot.running
        if running is None:
            if (slot.always or slot.wanted) and time.monotonic() >= slot.not_before:
                self._start(slot)
            return
        how = running.ended()
        if how is None:
            for who in ("sentinel", "main"):
                if running.silent(who) > getattr(self._pace, who):
                    how = f"its {who} was silent for {running.silent(who):.0f} s"
        if how is not None:
            self._bury(slot, running, how)

    def _start(self, slot: Slot) -> None:
        self._born += 1
        owner = f"{self._name}.{self._born}"
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        os.set_blocking(theirs, False)
        try:
            pid = os.fork()
        except OSError as error:
            log.error("the worker of %s cannot be started: %s", slot.queue, error)
            slot.not_before = time.monotonic() + self._pace.backoff
            os.close(ours)
            os.close(theirs)
            return
        if pid == 0:
            self._be(slot, owner, theirs)
        os.close(theirs)
        slot.running = Running(pid, owner, ours, time.monotonic())
        slot.wanted = False

    def _be(self, slot: Slot, owner: str, channel: int) -> None:
        """In the forked process: never returns."""
        status = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            status = self._birth(slot, owner, channel)
        except BaseException:
            log.exception("the worker of %s failed", slot.queue)
        finally:
            logging.shutdown()
            os._exit(status)

    def _bury(self, slot: Slot, running: Running, how: str) -> None:
        """Kill what is left of it, remember its name, and say when the next one may start."""
        running.listen()  # its last words
        running.kill()
        os.close(running.channel)
        slot.running = None
        slot.predecessors = [*slot.predecessors[-99:], running.owner]
        slot.innocent = {name: slot.innocent.get(name, set()) for name in slot.predecessors}
        slot.innocent[running.owner] = running.innocent
        if how == "" and not slot.always:
            return  # it had nothing left to do
        slot.wanted = True
        slot.restarts += 1
        slot.failures = 0 if running.well else slot.failures + 1
        wait = min(self._pace.backoff, 0.5 * 2 ** (slot.failures - 1)) if slot.failures else 0.0
        slot.not_before = time.monotonic() + wait
        log.warning("the worker of %s ended (%s): started anew", slot.queue, how or "by itself")

    def _hear(self) -> None:
        """Wait a moment, then read what the clusters said meanwhile."""
        time.sleep(GLANCE)
        for slot in self.slots:
            if slot.running:
                for queue in slot.running.listen():
                    self._want(queue)

    def _want(self, queue: str) -> None:
        for slot in self.slots:
            if slot.queue == queue and slot.running is None:
                slot.wanted = True

    def _stop(self) -> None:
        """Ask all to finish; after a while, or when asked again, kill what is left."""
        asked = len(self._asked)
        running = [slot.running for slot in self.slots if slot.running]
        for one in running:
            os.kill(one.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._pace.drain
        left = list(running)
        while left and time.monotonic() < deadline and len(self._asked) == asked:
            time.sleep(0.05)
            left = [one for one in left if one.ended() is None]
        for one in running:
            one.kill()

"""Empties the queue: batch by batch, again after every failure, each refusal written down."""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from .errors import ClientError, Denied, NotFound, Unavailable
from .lanes import LANES, MOST_BYTES, Lane, Refusal, Split
from .outbox import Item, Outbox
from .transport import Server

log = logging.getLogger("selflearn_client")
FIRST_WAIT, LONGEST_WAIT, DENIED_WAIT = 0.5, 60.0, 30.0
ROUND = 2.0


class Backoff:
    """How long to wait after failures in a row: exponential, with full jitter."""

    def __init__(self) -> None:
        self.failures = 0
        self._until = 0.0

    def failed(self, error: ClientError) -> None:
        self.failures += 1
        wait = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self.failures, 10)))
        if isinstance(error, Denied | NotFound):
            wait = max(wait, DENIED_WAIT)
        if isinstance(error, Unavailable) and error.retry_after:
            wait += error.retry_after
        self._until = time.monotonic() + wait

    def worked(self) -> None:
        self.failures, self._until = 0, 0.0

    def left(self) -> float:
        """Seconds until the next attempt; 0 when it is due."""
        return max(0.0, self._until - time.monotonic())


class Sender:
    """One batch at a time, whoever calls."""

    def __init__(self, outbox: Outbox, server: Server, folder: Path) -> None:
        self._outbox, self._server = outbox, server
        self.rejected_file = folder / "rejected.jsonl"
        self.rejected = 0
        self.backoff = Backoff()
        self.last_error = ""
        self._turn = threading.Lock()
        # Answers to a batch that one row spoiled: how many rows of each kind go next.
        self._most: dict[str, int] = {}

    def empty(self, deadline: float, stopped: threading.Event) -> bool:
        """Send until nothing waits; False when the deadline (monotonic) came first."""
        while not stopped.is_set():
            left = deadline - time.monotonic()
            if left <= 0 or not self._turn.acquire(timeout=left):
                return self._outbox.count() == 0
            try:
                if not self._step(deadline - time.monotonic()):
                    return True
                self._recovered()
            except ClientError as error:
                self._failed(error)
            finally:
                self._turn.release()
            if wait := self.backoff.left():
                if time.monotonic() + wait >= deadline:
                    return False
                stopped.wait(wait)
        return self._outbox.count() == 0

    def once(self) -> None:
        """Send what waits, unless an earlier failure asks for patience; a failure is noted.

        Ends after a while where a busy bot always has more: others wait for the thread, too.
        """
        deadline = time.monotonic() + ROUND
        if self.backoff.left() or not self._turn.acquire(blocking=False):
            return
        try:
            while time.monotonic() < deadline and self._step(None):
                self._recovered()
        except ClientError as error:
            self._failed(error)
        finally:
            self._turn.release()

    def _step(self, timeout: float | None) -> bool:
        """Send one batch; False when there was nothing to send."""
        for lane in LANES:
            most = self._most.get(lane.kind, lane.most_rows)
            items = self._outbox.batch(lane.kind, most, MOST_BYTES)
            if not items:
                continue
            if lane.one_key:
                items = [item for item in items if item.key == items[0].key]
            self._deliver(lane, items, timeout)
            return True
        return False

    def _deliver(self, lane: Lane, items: Sequence[Item], timeout: float | None) -> None:
        try:
            refused = lane.send(self._server, items, timeout)
        except Split:
            self._most[lane.kind] = max(1, len(items) // 2)
            return
        except Unavailable as error:
            if error.timed_out:
                # What the server cannot take in time it may take in smaller portions.
                self._most[lane.kind] = max(1, len(items) // 2)
            raise
        self._most.pop(lane.kind, None)
        if refused:
            self._write_down(lane, refused)
        self._outbox.remove(items)

    def _write_down(self, lane: Lane, refused: list[Refusal]) -> None:
        """Before they leave the queue: rather twice in the file than never."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self.rejected_file.open("a", encoding="utf-8") as file:
            for one in refused:
                row = {"at": now, "kind": lane.kind, "errors": one.errors, "body": one.body}
                file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.rejected += len(refused)
        log.error(
            "the server refused %d %s: %s (all of it in %s)",
            len(refused),
            lane.kind,
            str(refused[0].errors)[:300],
            self.rejected_file.name,
        )

    def _failed(self, error: ClientError) -> None:
        self.backoff.failed(error)
        self.last_error = str(error)
        if isinstance(error, Denied | NotFound):
            log.error("%s; %d rows wait", error, self._outbox.count())
        elif self.backoff.failures == 1:
            log.warning("the server is away (%s); what is recorded waits in the queue", error)

    def _recovered(self) -> None:
        if self.backoff.failures:
            log.info("the server is back")
        self.backoff.worked()
        self.last_error = ""

"""Processes of a cluster end together: the loss of one kills all, and a new set takes over."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal

from selflearn.worker.broker import say

# How django-q2's sentinel begins to say that it replaced a process that was lost.
LOST = ("sudden death", "after death", "after timeout")


class EndTogether(logging.Handler):
    """A lost process may have held a lock that the others wait for, for ever."""

    def __init__(self, channel: int) -> None:
        super().__init__(logging.CRITICAL)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if not any(words in message for words in LOST):
            return
        # What the others were running did not kill it.
        alive = [p.pid for p in multiprocessing.active_children() if p.name not in message]
        say(self._channel, " ".join(["innocent", *map(str, alive)]))
        for handler in logging.getLogger().handlers:
            handler.handle(record)
        os.killpg(0, signal.SIGKILL)


def end_together(channel: int) -> None:
    """From now on, in this process and those forked from it. They must be a group of their own."""
    if os.getpgid(0) != os.getpid():
        raise RuntimeError("not the leader of a process group: others would be killed")
    logging.getLogger("django-q").addHandler(EndTogether(channel))

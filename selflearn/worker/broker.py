"""The queue in the database, its tasks bound to the cluster that fetched them.

django-q2's own hands a task out again after a fixed time, which must exceed the longest run: what
a killed cluster had fetched would wait for that long. Here a fetched row carries its owner's name
until it is acknowledged, and is released when that owner is known to be dead.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

log = logging.getLogger("selflearn.worker")
MARK = "#"  # between a queue and its owner, in the key of a fetched row


class Owned(ORM):
    """What a cluster's processes share is set before they are forked: ``owner``, ``beat``."""

    owner = ""
    beat = -1  # file descriptor that takes the sentinel's signs of life
    newest: int | None = None  # the row of the task queued last

    @property
    def mine(self) -> str:
        return f"{self.list_key}{MARK}{self.owner}"

    def queue_size(self) -> int:
        return self.get_connection().filter(key=self.list_key).count()

    def lock_size(self) -> int:
        return self.get_connection().filter(key__startswith=self.list_key + MARK).count()

    def enqueue(self, task: str) -> int:
        self.newest = super().enqueue(task)
        return self.newest

    def dequeue(self) -> list[tuple[int, str]] | None:
        try:
            taken = self._take()
        except (OperationalError, InterfaceError) as error:
            # A database that is away comes back; the pusher need not die for it.
            log.warning("the queue cannot be read: %s", str(error).strip().splitlines()[:1])
            connections.close_all()
            taken = []
        if not taken:
            time.sleep(Conf.POLL)
            return None
        return taken

    def _take(self) -> list[tuple[int, str]]:
        ready = self.get_connection().filter(key=self.list_key).order_by("pk")[: Conf.BULK]
        return [
            (row.pk, row.payload)
            for row in ready
            # Whoever changes the key first has it.
            if OrmQ.objects.filter(pk=row.pk, key=self.list_key).update(
                key=self.mine, lock=timezone.now()
            )
        ]

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """The sentinel's sign of life, told to the supervisor and not written to a disk."""
        say(self.beat, "sentinel")


def say(channel: int, words: str) -> None:
    """One line to the supervisor; it is lost where the pipe is full or nobody listens."""
    with contextlib.suppress(OSError):
        os.write(channel, words.encode() + b"\n")


def owners(queue: str) -> set[str]:
    """Who has fetched tasks of this queue and not acknowledged them."""
    keys = OrmQ.objects.filter(key__startswith=queue + MARK).values_list("key", flat=True)
    return {key.partition(MARK)[2] for key in keys.distinct()}


def hand_back(queue: str, owner: str) -> int:
    """Put the tasks of a dead owner back into the queue."""
    return OrmQ.objects.filter(key=f"{queue}{MARK}{owner}").update(key=queue)

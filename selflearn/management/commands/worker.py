"""The background worker alone, in the foreground."""

from __future__ import annotations

import gc
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from selflearn import database


class Command(BaseCommand):
    help = "Run the background worker in the foreground (Ctrl-C stops it)."

    def handle(self, *args: Any, **options: Any) -> None:
        # Imported here: they read the settings of the queue.
        from analytics import jobs
        from selflearn.worker.cluster import QUEUES, Birth, live
        from selflearn.worker.supervisor import Slot, Supervisor
        from selflearn.worker.timeouts import pace

        if database.pending():
            raise CommandError("the database is not up to date: run manage.py migrate first")
        jobs.sync()

        def birth(slot: Slot, owner: str, channel: int) -> int:
            return live(
                Birth(slot.queue, owner, channel, slot.restarts, slot.predecessors, slot.innocent)
            )

        # Forked processes share what is loaded, but must not share a connection.
        connections.close_all()
        gc.collect()
        gc.freeze()
        Supervisor(QUEUES[:1], QUEUES[1:], pace(), birth).run()

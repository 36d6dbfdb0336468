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
        # Importing it reads the settings of the queue and opens one.
        from django_q.cluster import Cluster

        if database.pending():
            raise CommandError("the database is not up to date: run manage.py migrate first")
        # A connection must not be shared with the processes that are forked from here on; what is
        # loaded should be.
        connections.close_all()
        gc.collect()
        gc.freeze()
        cluster = Cluster()
        try:
            cluster.start()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        if cluster.sentinel:
            cluster.sentinel.join()
        if not cluster.has_stopped:
            raise CommandError("the worker ended without being asked to; see the log above")

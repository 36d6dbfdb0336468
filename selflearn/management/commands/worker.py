"""The background worker alone, in the foreground."""

from __future__ import annotations

import gc
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from selflearn import database


class Command(BaseCommand):
    help = "Run the background worker in the foreground (Ctrl-C stops it)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        # How the supervisor starts the cluster of another queue.
        parser.add_argument("--group", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, group: bool = False, **options: Any) -> None:
        # Importing them reads the settings of the queue.
        from analytics import jobs
        from selflearn.worker.group import work
        from selflearn.worker.supervisor import Pace, Supervisor

        if group:
            return work()
        if database.pending():
            raise CommandError("the database is not up to date: run manage.py migrate first")
        jobs.sync()
        # The forked processes share what is loaded; they must not share a connection.
        connections.close_all()
        gc.collect()
        gc.freeze()
        Supervisor(Pace(**settings.WORKER_PACE)).run()

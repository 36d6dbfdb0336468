from __future__ import annotations

from typing import Any

from analytics import jobs
from trading.management.base import Command as Base


class Command(Base):
    help = "Sync ledger and django-q2 schedules with the timetable (up and worker do it too)."

    def handle(self, *args: Any, **options: Any) -> None:
        changes = jobs.sync()
        if options["json"]:
            self.answer(changes)
            return
        for word, names in changes.items():
            self.stdout.write(f"{word}: {', '.join(names) or 'none'}")

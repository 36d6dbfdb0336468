from __future__ import annotations

from typing import Any

from analytics import jobs
from trading.management.base import Command as Base


class Command(Base):
    help = "Bring the jobs of the database to the timetable of this version (up does it too)."

    def handle(self, *args: Any, **options: Any) -> None:
        changes = jobs.sync()
        if options["json"]:
            self.answer(changes)
            return
        for word, names in changes.items():
            self.stdout.write(f"{word}: {', '.join(names) or 'none'}")

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from trading.management.base import Command as Base
from trading.parameters import audit


class Command(Base):
    help = "Verify that the live parameters agree with their change history."

    def handle(self, **options: Any) -> None:
        problems = audit.check()
        if options["json"]:
            self.answer(problems)
        elif not problems:
            self.stdout.write("All live parameters agree with their history.")
        if problems:
            raise CommandError(audit.summary(problems))

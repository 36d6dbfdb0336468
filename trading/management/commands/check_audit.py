from django.core.management.base import CommandError

from trading.management.base import Command as Base
from trading.parameters import audit


class Command(Base):
    help = "Check that what is live is what the history of parameters says."

    def handle(self, **options):
        found = audit.check()
        if options["json"]:
            self.answer(found)
        elif not found:
            self.stdout.write("All live parameters are as their history says.")
        if found:
            raise CommandError(audit.summary(found))

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics import monitoring
from analytics.models import AlertEvent
from trading import clock
from trading.management.base import Command as Base
from trading.management.base import moment


class Command(Base):
    help = "Run monitoring once, as the schedule does: take snapshots, update alerts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of", metavar="TIME", help="ignore everything after this time (UTC); default: now"
        )

    def handle(self, *, as_of: str | None, **options: Any) -> None:
        at = moment(as_of) if as_of else clock.now()
        if at > clock.now():
            raise CommandError(f'--as-of: "{as_of}" lies in the future')
        done = monitoring.monitor(at)
        open_now = monitoring.active(at)
        if options["json"]:
            self.answer({**done, "active": open_now})
            return
        for event in done["events"]:
            what = AlertEvent.Type(event["what"]).label
            self.stdout.write(f"{what} ({event['severity']}): {event['sentence']}")
        if not done["events"]:
            self.stdout.write("Nothing changed.")
        self.stdout.write(f"{len(open_now)} active; {done['snapshots']} snapshots taken.")

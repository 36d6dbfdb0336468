from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics import frames, reports
from analytics.loop import daily
from analytics.models import Report
from analytics.notifications import report_mail
from analytics.reports import text as reports_text
from trading import clock
from trading.formatting import counted
from trading.management.base import Command as Base
from trading.management.base import bot_named


class Command(Base):
    help = "Write and show the daily report."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date",
            metavar="DAY",
            help="such as 2025-11-17 (UTC); default: the newest that is "
            "over. One that is not over yet is told as far as it has come",
        )
        parser.add_argument("--bot", metavar="NAME", help="of this bot only")
        parser.add_argument("--week", action="store_true", help="the week that the day belongs to")
        parser.add_argument(
            "--again",
            action="store_true",
            help="write it anew from what is known now; otherwise one that was written stays",
        )
        parser.add_argument(
            "--send", action="store_true", help="send it now, once, to the subscribed channels"
        )

    def handle(
        self,
        *,
        date: str | None,
        bot: str | None,
        week: bool,
        again: bool,
        send: bool,
        **options: Any,
    ) -> None:
        now = clock.now()
        day = _day(date) if date else reports.newest(now)
        kind = Report.Kind.WEEK if week else Report.Kind.DAY
        bots = [bot_named(bot)] if bot else frames.bots()
        if not bots:
            raise CommandError("there is no bot yet; make one with: python3 manage.py create_bot")
        try:
            written = [daily.write_one(of_bot, kind, day, now, again)[0] for of_bot in bots]
        except ValueError as error:
            raise CommandError(f"--date: {error}") from error
        sent = report_mail.send(written, now) if send else None
        if options["json"]:
            self.answer(
                {
                    "reports": [
                        {"id": report.pk, **report.data, "recommendations": report.recommendations}
                        for report in written
                    ],
                    "messages": sent,
                }
            )
            return
        for report in written:
            recommendations = reports.recommendations_from_json(report.recommendations)
            self.stdout.write(reports_text.text(reports.from_json(report.data), recommendations))
        if sent is not None:
            what = counted(sent, "message")
            self.stdout.write(
                f"{what} on the way."
                if sent
                else "Nobody is to be told (again): see "
                "the channels, and whether this report was told before."
            )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f'--date: "{text[:40]}" is not a day such as 2025-11-17') from error

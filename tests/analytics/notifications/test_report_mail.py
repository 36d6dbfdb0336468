"""Reports told through channels: whole as a mail, in short elsewhere, once each, at their hour."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from analytics import notifications
from analytics.models import Channel, Message, Recommendation, Report, ReportNotice
from analytics.notifications import report_mail
from tests.analytics.history import closed, keep
from tests.analytics.sample_reports import as_text, report
from tests.trading.story import MONDAY, make_bot
from trading.models import Bot

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MORNING = MONDAY + DAY + timedelta(hours=7, minutes=5)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def told(channel):
    """A channel that tells the report of each day from seven o'clock on."""
    Channel.objects.filter(pk=channel.pk).update(reports="daily")
    channel.refresh_from_db()
    return channel


@pytest.fixture
def monday(bot) -> Report:
    keep(bot, [closed(1, MONDAY + DAY / 2, 1.5), closed(2, MONDAY + DAY / 3, -0.5)])
    return report(bot, MONDAY.date(), MORNING)


def deliver(at=MORNING):
    with time_machine.travel(at, tick=False):
        return notifications.deliver(at)


def test_a_report_is_a_mail_that_reads_in_html_and_in_plain_text(told, monday, mailbox):
    assert deliver()["delivered"] == 1
    ((recipients, mail),) = mailbox.mails
    assert recipients == ["me@example.org"]
    assert mail["Subject"] == "[selflearn] Daily Insights (2025-03-03) of Mara"
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.replace("\r\n", "\n").startswith(
        "Daily Insights (2025-03-03) of Mara:\n- RSI+BB: 2 trades, +1.00% net\n"
        "- Recommendation: Parameters of rsi_bb unknown: import them"
    )
    page = f"https://bot.example.org/admin/analytics/report/{monday.pk}/change/"
    for part in (text, html):
        assert "2 trades, +1.00% net" in part and page in part
        assert "Average PnL +0.500%" in part


def test_it_is_told_once_and_not_before_its_hour(told, monday, mailbox):
    assert deliver(MONDAY + DAY + timedelta(hours=6, minutes=59))["delivered"] == 0
    assert deliver()["delivered"] == 1
    assert deliver(MORNING + timedelta(hours=3))["delivered"] == 0
    assert len(mailbox.mails) == 1


def test_the_hour_is_that_of_the_channels_zone(told, monday, mailbox):
    Channel.objects.update(zone="America/New_York")  # five hours behind in March
    assert deliver()["delivered"] == 0
    assert deliver(MONDAY + DAY + timedelta(hours=12))["delivered"] == 1


def test_a_day_on_which_nothing_happened_is_left_out_where_that_is_wished(told, bot, mailbox):
    Bot.objects.update(created_at=MONDAY)
    bot.refresh_from_db()
    quiet = report(bot, MONDAY.date(), MORNING)
    assert not quiet.news
    Channel.objects.update(report_news_only=True)
    assert deliver()["reports"] == 0
    assert ReportNotice.objects.get().message is None
    Channel.objects.update(report_news_only=False)
    assert deliver()["reports"] == 0  # looked at once, it is not looked at again


def test_what_was_written_of_a_time_long_past_is_not_told(told, bot, mailbox):
    Bot.objects.update(created_at=MONDAY - 9 * DAY)
    bot.refresh_from_db()
    report(bot, (MONDAY - 9 * DAY).date(), MORNING)
    assert deliver()["reports"] == 0


def test_a_week_is_told_only_to_those_who_want_weeks(told, bot, mailbox):
    at = MONDAY + 7 * DAY + timedelta(hours=8)
    report(bot, (MONDAY + 6 * DAY).date(), at, kind="week")
    assert deliver(at)["reports"] == 0
    Channel.objects.update(reports="both")
    assert deliver(at)["reports"] == 1
    assert "Weekly Insights (2025-03-09)" in mailbox.mails[0][1]["Subject"]


def test_a_channel_of_some_bots_tells_of_no_others(told, monday, mailbox):
    told.bots.add(make_bot("Theo"))
    assert deliver()["reports"] == 0
    told.bots.add(monday.bot)
    assert deliver()["reports"] == 1


def test_the_days_of_several_bots_are_one_message(told, monday, mailbox):
    theo = Bot.objects.create(name="Theo", created_at=MONDAY)
    report(theo, MONDAY.date(), MORNING)
    assert deliver()["delivered"] == 1
    ((_, mail),) = mailbox.mails
    assert mail["Subject"].endswith("of Mara, Theo")


def test_elsewhere_a_line_per_strategy_is_told(told, monday):
    told.kind = "push"
    said = report_mail.composed(told, [monday])
    assert said.html == "" and "Average PnL" not in said.text
    assert said.text.startswith("Daily Insights (2025-03-03) of Mara:\n- RSI+BB: 2 trades")
    assert len(said.text) < 500


def test_hostile_names_and_reasons_are_inert(told, bot, mailbox):
    keep(bot, [closed(1, MONDAY + DAY / 2, 1, HOSTILE, tag=HOSTILE)])
    found = report(bot, MONDAY.date(), MORNING)
    assert HOSTILE.lower() in as_text(found).lower()
    deliver()
    ((_, mail),) = mailbox.mails
    html = mail.get_body(("html",)).get_content()
    assert "<script>" not in html.lower() and "&lt;script&gt;" in html.lower()


def test_the_command_tells_it_at_once_and_once(told, bot, mailbox):
    keep(bot, [closed(1, MONDAY + DAY / 2, 1.5)])

    def call() -> str:
        out = StringIO()
        call_command("daily_insights", "--date", "2025-03-03", "--send", stdout=out)
        return out.getvalue()

    assert "1 message on the way." in call()
    assert "Nobody is to be told (again)" in call()
    assert Message.objects.count() == 1
    assert deliver()["delivered"] == 1
    assert Recommendation.objects.count() == 1

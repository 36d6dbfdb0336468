"""The report of a day: what it says of days with and without trades, and that it stays."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from analytics import jobs, reports
from analytics.jobs.timetable import sync_lines
from analytics.loop import daily
from analytics.models import Alert, AlertEvent, Report
from analytics.reports import deep_sections
from tests.analytics import history
from tests.analytics.history import closed, keep
from tests.analytics.sample_reports import DAY, LATE, WEDNESDAY, as_text, idle, report
from tests.trading.api.conftest import Api
from tests.trading.story import MONDAY, make_bot
from trading import clock
from trading.models import Bot
from trading.parameters import instance_for, promote

pytestmark = pytest.mark.django_db
TUESDAY = date(2025, 3, 4)
TOMORROW = (clock.now() + DAY).date()  # by when a strategy that is made now was seen


def lines(found: Report) -> list[str]:
    return [f"{one['name']}: {one['text']}" for one in found.data["head"]]


@pytest.fixture
def bot(db):
    return make_bot()


def test_a_day_is_told_in_a_line_with_its_win_rate_against_the_week_before(bot):
    # Two days of 10 trades: 5 of 10 won on Monday, 6 of 10 on Tuesday.
    results = [1] * 5 + [-1] * 5 + [1] * 6 + [-1] * 4
    keep(
        bot,
        [
            closed(number, MONDAY + number // 10 * DAY + timedelta(hours=number % 10 + 1), result)
            for number, result in enumerate(results)
        ],
    )
    assert lines(report(bot, TUESDAY)) == [
        "RSI+BB: Win rate 60% (up from 50%, not significant), 10 trades, +2.00% net"
    ]
    section = report(bot, TUESDAY).data["strategies"][0]
    assert section["against_base"]["win_rate"]["now"] == 0.6
    assert (
        section["against_base"]["win_rate"]["low"]
        < 0
        < (section["against_base"]["win_rate"]["high"])
    )


def test_a_few_trades_are_counted_and_no_win_rate_is_made_of_them(bot):
    keep(bot, [closed(1, MONDAY + timedelta(hours=3), 0.1), closed(2, MONDAY + DAY / 2, 0.05)])
    assert lines(report(bot, date(2025, 3, 3))) == ["RSI+BB: 2 trades, +0.15% net"]


def test_a_large_fall_is_said_to_be_significant(bot):
    keep(bot, history.days(7, mean=0.5, sd=0.3, per_day=20))
    keep(bot, history.days(1, start=MONDAY + 7 * DAY, mean=-1, sd=0.3, per_day=20, first=9_000))
    [line] = lines(report(bot, date(2025, 3, 10)))
    assert "down from 9" in line and ", significant)" in line
    assert "significantly worse (95% CI of the difference -" in as_text(
        report(bot, date(2025, 3, 10))
    )


def test_a_day_without_trades_names_the_filter_that_blocked_in_a_replay():
    instance = idle()
    found = report(instance.bot)
    counts = found.data["strategies"][0]["funnel"]["replayed"]
    assert counts["trades"] == 0 and counts["most"] == "rsi" and counts["version"] == 2
    blocked = {name: held for name, _, held in counts["steps"]}
    assert sum(blocked.values()) + counts["signals"] == counts["evaluations"] > 0
    share = f"{blocked['rsi'] / counts['evaluations']:.0%}"
    [line] = lines(found)
    assert line.startswith(f"RSI+BB: No trades (RSI rejected {share} of ")
    assert counts["sentence"] in as_text(found)


def test_of_a_day_in_the_middle_of_an_outage_it_is_said_how_much_was_seen():
    instance = idle()  # its candles end on Wednesday at 2:00
    text = as_text(report(instance.bot))
    assert "Candles cover 8% of the period; the rest is not backtested." in text
    before = as_text(report(instance.bot, TUESDAY))
    assert "the rest is not backtested" not in before


def test_a_day_without_candles_says_what_is_missing(bot):
    instance_for(bot, "breakout")
    found = report(bot, TOMORROW, clock.now() + 3 * DAY)
    [line] = lines(found)
    assert line == "Breakout: No trades (cause unknown: no candles stored)"
    assert "import_candles FILE" in as_text(found)


def test_a_bot_without_strategies_has_a_report_that_says_so(bot):
    Bot.objects.update(created_at=MONDAY)
    bot.refresh_from_db()
    found = report(bot)
    assert found.data["head"] == [] and not found.news
    assert "No strategies yet." in as_text(found)


def test_counts_of_the_bot_itself_stand_beside_the_replay():
    instance = idle()
    start = (MONDAY + 2 * DAY).isoformat()
    answer = Api(instance.bot).ask(
        "POST",
        "evaluations/",
        [
            {
                "strategy": "rsi_bb",
                "market": "BTC-PERP",
                "from": start,
                "to": (MONDAY + 3 * DAY).isoformat(),
                "evaluations": 5_512,
                "signals": 0,
                "blocked": {"volatility": 5_310, "rsi": 170, "trend": 32},
            }
        ],
    )
    assert answer.status_code in (200, 201)
    found = report(instance.bot)
    counted = found.data["strategies"][0]["funnel"]["counted"]
    assert (counted["evaluations"], counted["signals"], counted["most"]) == (5_512, 0, "volatility")
    rejected = {name: number for name, _, number in counted["steps"] if number}
    assert rejected == {"volatility": 5_310, "rsi": 170, "trend": 32}
    assert f"Signal funnel (bot): {counted['sentence']}." in as_text(found)


def test_what_was_written_stays_whatever_comes_to_be_known_later(bot):
    keep(bot, [closed(1, MONDAY + DAY / 2, 0.5)])
    before = report(bot, date(2025, 3, 3))
    keep(bot, [closed(2, MONDAY + DAY / 3, -3.0)])
    again = report(bot, date(2025, 3, 3))
    assert again.pk == before.pk and again.data == before.data
    assert Report.objects.count() == 1
    anew = report(bot, date(2025, 3, 3), again=True)
    assert anew.pk == before.pk and anew.data["strategies"][0]["now"]["trades"] == 2


def test_the_same_moment_gives_the_same_report(bot):
    keep(bot, history.days(3))
    one = report(bot, TUESDAY).data
    assert report(bot, TUESDAY, again=True).data == one
    assert json.loads(json.dumps(one)) == one


def test_nothing_later_than_its_end_is_looked_at(bot):
    keep(bot, history.days(2))
    before = report(bot, TUESDAY).data
    keep(bot, history.days(3, start=MONDAY + 2 * DAY, first=500))
    instance = instance_for(bot, "rsi_bb")
    promote(
        instance=instance,
        values={"max_hold_minutes": 9},
        reason="Later",
        origin="admin",
        live_from=MONDAY + 3 * DAY,
    )
    assert report(bot, TUESDAY, again=True).data == before


def test_a_day_that_is_not_over_is_told_so_far_and_anew_when_it_is(bot):
    keep(bot, [closed(1, MONDAY + timedelta(hours=2), 1), closed(2, MONDAY + DAY * 0.9, 1)])
    noon = MONDAY + DAY / 2
    early = report(bot, MONDAY.date(), noon)
    assert not early.complete and early.data["strategies"][0]["now"]["trades"] == 1
    assert "so far" in as_text(early)
    late = report(bot, MONDAY.date(), LATE)
    assert late.complete and late.data["strategies"][0]["now"]["trades"] == 2
    with pytest.raises(ValueError, match="has not begun"):
        report(bot, WEDNESDAY, noon)


def test_the_job_writes_the_day_that_is_over_and_on_mondays_the_week(bot):
    keep(bot, history.days(8))
    done = daily.write(MONDAY + 7 * DAY + timedelta(minutes=10))
    assert done["reports"] == 2
    assert set(Report.objects.values_list("kind", "day")) == {
        ("day", date(2025, 3, 9)),
        ("week", date(2025, 3, 9)),
    }
    week = Report.objects.get(kind="week").data["strategies"][0]
    assert week["now"]["trades"] == 7 * history.PER_DAY
    assert daily.write(MONDAY + 7 * DAY + timedelta(minutes=11))["reports"] == 0
    assert daily.write(MONDAY + 8 * DAY)["reports"] == 1


def test_days_that_were_missed_are_written_one_by_one(bot, work):
    Bot.objects.update(created_at=MONDAY)
    bot.refresh_from_db()
    sync_lines(MONDAY + DAY)
    for _ in range(5):
        with clock.at(MONDAY + 4 * DAY + timedelta(hours=1)):
            jobs.enqueue_due(jobs=[jobs.find("report")])
            work("long")
    assert sorted(Report.objects.values_list("day", flat=True)) == [
        date(2025, 3, day) for day in (3, 4, 5, 6)
    ]


def test_alerts_of_the_day_are_told_with_the_strategy(bot):
    keep(bot, history.days(1))
    instance = instance_for(bot, "rsi_bb")
    at = MONDAY + DAY / 2
    alert = Alert.objects.create(
        kind="losing_streak",
        key="k",
        event="e",
        bot=bot,
        instance=instance,
        mode="live",
        severity="warning",
        sentence="It lost 9 in a row.",
        opened_at=at,
        seen_at=at,
        changed_at=at,
    )
    AlertEvent.objects.create(
        alert=alert, type="opened", at=at, severity="warning", sentence=alert.sentence
    )
    found = report(bot, MONDAY.date()).data
    assert "Alert opened: It lost 9 in a row." in found["head"][0]["why"]
    later = report(bot, TUESDAY).data
    assert not later["strategies"][0]["alerts"]


def test_live_and_paper_trades_are_told_apart(bot):
    keep(bot, [closed(1, MONDAY + DAY / 2, 1), closed(2, MONDAY + DAY / 2, -1, mode="paper")])
    assert lines(report(bot, MONDAY.date())) == [
        "RSI+BB: 1 trade, +1.00% net",
        "RSI+BB (paper): 1 trade, -1.00% net",
    ]


def test_a_week_is_named_by_any_of_its_days():
    one = reports.period("week", date(2025, 3, 5), LATE)
    assert one.day == date(2025, 3, 9) and one.since == MONDAY and one.complete


def test_each_parameter_set_is_held_against_what_the_same_set_made_before(bot):
    instance = instance_for(bot, "rsi_bb")
    promote(instance=instance, values={}, reason="Start", origin="admin", live_from=MONDAY - DAY)
    second = promote(
        instance=instance,
        values={"max_hold_minutes": 9},
        reason="Longer",
        origin="admin",
        live_from=MONDAY + 2 * DAY,
    )
    keep(bot, history.days(2, mean=0.5, sd=0.3, per_day=20))
    keep(
        bot,
        history.days(
            2,
            start=MONDAY + 2 * DAY,
            mean=0.5,
            sd=0.3,
            per_day=20,
            first=900,
            parameter_set=second.version,
        ),
    )
    keep(bot, [closed(5_000, MONDAY + 3 * DAY + timedelta(hours=5), 1, parameter_set=2)])
    [section] = report(bot, date(2025, 3, 6)).data["strategies"]
    versions = {one["key"]: one for one in section["versions"]}
    newest = versions[str(second.version)]
    assert newest["against_base"]["avg_pnl_pct"]["before"] == pytest.approx(
        report(bot, WEDNESDAY).data["strategies"][0]["now"]["avg_pnl_pct"]
    )
    assert not newest["against_base"]["avg_pnl_pct"]["beyond_chance"]


def test_of_very_many_trades_only_the_newest_days_are_looked_into(bot, monkeypatch):
    monkeypatch.setattr(deep_sections, "MOST_TRADES", 3 * history.PER_DAY)
    keep(bot, history.days(6))
    [section] = report(bot, date(2025, 3, 8)).data["strategies"]
    assert section["setups"]["trades"] == section["exits"]["trades"] == 3 * history.PER_DAY
    assert section["setups"]["days_back"] == 3

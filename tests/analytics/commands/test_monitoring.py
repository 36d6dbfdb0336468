"""The watch by hand: the same as the schedule, and one clear line on bad input."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from analytics import monitoring
from analytics.jobs.tasks import TIMETABLE
from analytics.models import AlertEvent, Snapshot
from analytics.monitoring.alerts import configured
from tests.analytics import history
from tests.analytics.history import DAY, keep
from tests.trading.story import MONDAY, make_bot
from trading import performance
from trading.performance.selection import Selection, period

pytestmark = pytest.mark.django_db
AT = MONDAY + 30 * DAY + timedelta(hours=9, minutes=12)


def run(name, *args):
    out = StringIO()
    call_command(name, *args, stdout=out)
    return json.loads(out.getvalue()) if "--json" in args else out.getvalue()


@pytest.fixture
def bot(db):
    bot = make_bot()
    keep(bot, history.days(40))
    configured.change(kind="no_trades", enabled=True, severity="warning", parameters={"hours": 1})
    return bot


def test_by_hand_is_what_the_schedule_does(bot):
    by_hand = run("monitor_performance", "--as-of", AT.isoformat(), "--json")
    stored = list(AlertEvent.objects.values("type", "at", "sentence"))
    Snapshot.objects.all().delete()
    bot.delete()
    keep(make_bot(), history.days(40))
    job = next(job for job in TIMETABLE if job.name == "monitor")
    assert job.function == "analytics.monitoring.stage.monitor"
    scheduled = monitoring.monitor(AT)
    assert list(AlertEvent.objects.values("type", "at", "sentence")) == stored
    strip = [{**one, "alert": 0} for one in by_hand["events"]]
    assert strip == [{**one, "alert": 0} for one in scheduled["events"]]
    assert by_hand["active"][0]["sentence"] == strip[0]["sentence"]


def test_what_is_active_as_of_a_moment_is_told_from_the_events_until_then(bot):
    assert len(run("monitor_performance", "--as-of", AT.isoformat(), "--json")["active"]) == 1
    later = AT + timedelta(hours=1.5)
    assert run("monitor_performance", "--as-of", later.isoformat(), "--json")["active"] == []
    assert len(monitoring.active(AT)) == 1


def test_snapshots_are_the_numbers_that_the_api_answers(bot):
    found = run("analyze_performance", "--as-of", AT.isoformat(), "--json")
    assert found["snapshots"] == 3 == len(found["scopes"])
    whole = found["scopes"][0]
    assert (whole["kind"], whole["market"], whole["version"]) == ("instance", None, None)
    for window, metrics in whole["windows"].items():
        since, until = period(window, AT)
        selection = Selection(bot=bot, strategy="rsi_bb", since=since, until=until or AT)
        (group,) = performance.measure(selection)
        for name in (
            "trades",
            "win_rate",
            "avg_pnl_pct",
            "sharpe",
            "max_drawdown_pct",
            "profit_factor",
            "exposure",
            "expectancy_pct",
        ):
            assert metrics[name] == pytest.approx(group.metrics[name]), (window, name)
    day = whole["comparison"]["24h_7d"]
    assert day["now"] == whole["windows"]["24h"]["avg_pnl_pct"] != day["before"]
    assert day["within_noise"] is (day["low"] <= 0 <= day["high"])
    assert whole["trend"] == "flat" and whole["evidence"]["days"] == 30


def test_a_trend_that_turned_is_told_with_its_evidence(bot):
    keep(bot, history.days(8, start=MONDAY + 40 * DAY, mean=-1.0, first=9000))
    at = MONDAY + 48 * DAY
    (whole, *_) = run("analyze_performance", "--as-of", at.isoformat(), "--json")["scopes"]
    assert whole["trend"] == "degrading" and whole["evidence"]["as_low"] < 0.025
    assert whole["evidence"]["now_pct"] < 0 < whole["evidence"]["before_pct"]
    assert whole["comparison"]["7d_baseline"]["within_noise"] is False


def test_people_read_sentences(bot):
    text = run("monitor_performance", "--as-of", AT.isoformat())
    assert "rsi_bb of Mara has not closed a trade for" in text and "1 active" in text
    text = run("analyze_performance", "--as-of", AT.isoformat())
    assert "Mara / rsi_bb / all (live, USD): flat" in text
    assert " 24h 8 trades" in text and "Sharpe" in text


def test_people_see_how_sure_a_number_is(bot):
    text = run("analyze_performance", "--as-of", AT.isoformat())
    month = next(line for line in text.splitlines() if line.strip().startswith("30d"))
    assert re.search(r"\d\.\d% won \(\d+% to \d+%\)", month)
    assert re.search(r"average \S+ % \(\S+ to \S+\)", month)


def test_one_bot_alone_can_be_asked_about(bot):
    other = make_bot("Nils")
    keep(other, history.days(40))
    both = run("analyze_performance", "--as-of", AT.isoformat())
    assert "Mara / rsi_bb" in both and "Nils / rsi_bb" in both
    text = run("analyze_performance", "--as-of", AT.isoformat(), "--bot", "Nils")
    assert "Nils / rsi_bb" in text and "Mara" not in text
    with pytest.raises(CommandError, match='no bot is named "Nobody"'):
        run("analyze_performance", "--as-of", AT.isoformat(), "--bot", "Nobody")


@pytest.mark.parametrize("command", ["monitor_performance", "analyze_performance"])
@pytest.mark.parametrize(
    ("moment", "said"), [("soon", "is not a time"), ("2190-01-01", "lies in the future")]
)
def test_a_moment_that_is_none_is_one_clear_line(db, command, moment, said):
    with pytest.raises(CommandError, match=said):
        run(command, "--as-of", moment)

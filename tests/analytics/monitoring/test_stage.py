"""The watch as a whole: lived or replayed, the same alerts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics import monitoring
from analytics.models import Alert, AlertEvent, ArmDay, Snapshot, TradeDay
from analytics.monitoring.alerts import REGISTRY, configured
from tests.analytics import history
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY, make_bot
from trading import clock
from trading.importers.bot_db import BotDatabase
from trading.models import Bot

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FIRST, LAST = datetime(2022, 1, 10, tzinfo=UTC), datetime(2022, 1, 13, 6, tzinfo=UTC)
SPEAK_UP = {
    "win_rate": {"limit_from": "fixed", "limit": 0.25, "fewest_trades": 20},
    "losing_streak": {"limit": 12},
    "drawdown": {"limit_pct": 4},
    "no_trades": {"hours": 3},
}


def speak_up() -> None:
    """Fixed limits, so that three days are enough to say something."""
    for kind, parameters in SPEAK_UP.items():
        configured.change(kind=kind, enabled=True, severity="warning", parameters=parameters)


def story() -> list[tuple]:
    """Every event of every alert, without keys of rows."""
    found = AlertEvent.objects.select_related("alert__instance").order_by("pk")
    return sorted(
        [
            (
                event.at,
                event.type,
                event.severity,
                event.sentence,
                event.alert.kind,
                event.alert.instance.name,
                event.alert.event,
            )
            for event in found
        ]
    )


def evidence() -> tuple[list, list]:
    return (
        list(
            ArmDay.objects.order_by("instance__strategy", "day").values_list(
                "instance__strategy", "day", "n", "sum_u", "sum_u2"
            )
        ),
        list(
            Snapshot.objects.order_by(
                "at",
                "scope__kind",
                "instance__strategy",
                "scope__market__name",
                "scope__parameter_set__version",
            ).values_list("at", "windows", "comparison", "trend")
        ),
    )


def hours():
    moment = FIRST
    while moment <= LAST:
        yield moment
        moment += HOUR


def slices(file: Path, folder: Path) -> list[Path]:
    """The trades of the file cut into a file for each hour, as it would have looked then."""
    found = []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source:
        (table,) = source.execute("SELECT sql FROM sqlite_master WHERE name = 'trades'").fetchone()
        for moment in hours():
            until = moment.timestamp()
            rows = source.execute(
                "SELECT * FROM trades WHERE exit_time >= ? AND exit_time < ?", (until - 3600, until)
            ).fetchall()
            path = folder / f"{moment:%d%H}.db"
            with closing(sqlite3.connect(path)) as database:
                database.execute(table)
                database.executemany(f"INSERT INTO trades VALUES ({','.join('?' * 13)})", rows)
                database.commit()
            found.append(path)
    return found


@pytest.fixture(scope="module")
def hourly(shared_data, tmp_path_factory) -> list[Path]:
    return slices(shared_data / "bot" / "pnl_trades.db", tmp_path_factory.mktemp("hours"))


def lived(hourly: list[Path]) -> Bot:
    bot = make_bot()
    for moment, path in zip(hours(), hourly, strict=True):
        BotDatabase().run(path, bot)
        monitoring.monitor(moment)
    return bot


def replayed() -> list[dict]:
    looks = [monitoring.monitor(moment) for moment in hours()]
    assert not any("errors" in look for look in looks)
    return [event for look in looks for event in look["events"]]


def test_a_replayed_history_gives_the_alerts_of_the_lived_one_twice_over(hourly, shared_data):
    speak_up()
    bot = lived(hourly)
    wanted, facts = story(), evidence()
    kinds = {(kind, name) for *_, kind, name, _ in wanted}
    assert kinds >= {
        ("win_rate", "rsi_bb"),
        ("drawdown", "rsi_bb"),
        ("losing_streak", "rsi_bb"),
        ("no_trades", "renko_ao"),
    }
    assert {what for _, what, *_ in wanted} >= {"opened", "ended", "escalated"}

    assert replayed() == []  # looking at it again raises nothing
    assert (story(), evidence()) == (wanted, facts)

    bot.delete()
    BotDatabase().run(shared_data / "bot" / "pnl_trades.db", make_bot())
    events = replayed()
    assert story() == wanted
    told = [(event["what"], event["kind"], event["strategy"]) for event in events]
    assert sorted(told) == sorted((what, kind, name) for _, what, *_, kind, name, _ in wanted)
    assert evidence() == facts


def test_the_same_moment_again_changes_nothing_and_costs_no_write(django_assert_max_num_queries):
    bot = make_bot()
    keep(bot, history.days(30))
    first = monitoring.monitor(MONDAY + 30 * DAY)
    assert first["snapshots"] == 3 and TradeDay.objects.count() == 30
    before = list(Snapshot.objects.values())
    with django_assert_max_num_queries(20):
        again = monitoring.monitor(MONDAY + 30 * DAY)
    assert (again["snapshots"], again["events"]) == (0, [])
    assert list(Snapshot.objects.values()) == before


def test_alert_events_are_in_the_result_of_the_job():
    bot = make_bot()
    keep(bot, history.days(61))
    keep(bot, [closed(9000 + at, MONDAY + 60 * DAY + at * HOUR, -9.0) for at in range(4)])
    found = monitoring.monitor(MONDAY + 60 * DAY + 8 * HOUR)["events"]
    loss = next(event for event in found if event["kind"] == "window_loss")
    assert loss["type"] == "alarm" and loss["what"] == "opened"
    assert (loss["bot"], loss["strategy"], loss["mode"]) == ("Mara", "rsi_bb", "live")
    assert loss["at"] == "2025-05-02T08:00:00.000000Z" and "worst 24 hours" in loss["sentence"]


def test_a_rule_of_a_strategy_counts_before_that_of_its_bot_and_of_all():
    bot = make_bot()
    keep(bot, history.days(3))
    instance = bot.instances.get()
    configured.change(kind="no_trades", enabled=True, severity="info", parameters={"hours": 1})
    at = MONDAY + 3 * DAY + 12 * HOUR
    assert monitoring.monitor(at)["events"][0]["severity"] == "warning"  # grave: a step more
    configured.change(
        kind="no_trades",
        bot=bot.pk,
        instance=instance.pk,
        enabled=True,
        severity="critical",
        parameters={"hours": 20},
    )
    assert [one["what"] for one in monitoring.monitor(at + HOUR)["events"]] == ["ended"]
    assert configured.back_to_default(kind="no_trades", bot=bot.pk, instance=instance.pk)
    assert [one["what"] for one in monitoring.monitor(at + 2 * HOUR)["events"]] == ["reopened"]


def test_disabling_a_rule_resolves_its_alerts():
    bot = make_bot()
    keep(bot, history.days(3))
    configured.change(kind="no_trades", enabled=True, severity="info", parameters={"hours": 1})
    at = MONDAY + 3 * DAY + 12 * HOUR
    monitoring.monitor(at)
    configured.change(kind="no_trades", enabled=False, severity="info", parameters={"hours": 1})
    assert [one["what"] for one in monitoring.monitor(at + HOUR)["events"]] == ["ended"]


def test_rules_on_unstored_state_are_checked_live_only():
    bot = make_bot()
    with clock.at(MONDAY):
        Bot.objects.filter(pk=bot.pk).update(seen_at=MONDAY)
        assert monitoring.monitor(MONDAY + 5 * HOUR)["events"][0]["kind"] == "silent"
    Alert.objects.all().delete()
    with clock.at(MONDAY + DAY):
        assert monitoring.monitor(MONDAY + 5 * HOUR)["events"] == []


def test_a_heartbeat_tells_how_far_its_bot_s_clock_is_off(api):
    with clock.at(MONDAY):
        sent = {"time": (MONDAY + timedelta(seconds=95)).isoformat(), "version": "1"}
        assert api.post("heartbeat/", sent).status_code == 200
        (event,) = monitoring.pulse(MONDAY)["events"]
    assert event["kind"] == "clock_skew" and "95 s ahead" in event["sentence"]
    with clock.at(MONDAY + timedelta(minutes=1)):
        api.post("heartbeat/", {"time": (MONDAY + timedelta(minutes=1)).isoformat()})
    with clock.at(MONDAY + timedelta(minutes=12)):
        kinds = {(one["kind"], one["what"]) for one in monitoring.pulse(clock.now())["events"]}
    assert ("clock_skew", "ended") in kinds


def test_a_broken_rule_does_not_stop_the_others(monkeypatch, caplog):
    def stumble(frame, as_of, parameters):
        raise ZeroDivisionError("no trades")

    first = REGISTRY["degraded"]
    broken = {**REGISTRY, "degraded": replace(first, check=stumble)}
    monkeypatch.setattr("analytics.monitoring.stage.REGISTRY", broken)
    bot = make_bot()
    keep(bot, history.days(3))
    configured.change(kind="no_trades", enabled=True, severity="info", parameters={"hours": 1})
    done = monitoring.monitor(MONDAY + 3 * DAY + 12 * HOUR)
    assert [one["kind"] for one in done["events"]] == ["no_trades"]
    assert done["errors"] == ["degraded, rsi_bb of Mara: ZeroDivisionError: no trades"]
    assert "failed for" in caplog.text

"""In simulated time the watch looks as bots move the clock, and answers what it saw."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analytics.models import Alert
from analytics.monitoring.alerts import configured
from tests.analytics import history
from tests.analytics.history import DAY, keep
from tests.trading.api.conftest import Api
from tests.trading.story import MONDAY, make_bot
from trading import clock
from trading.bots import simulated_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(db, monkeypatch):
    clock.simulate(simulated_clock.now)
    yield Api(make_bot())
    clock.simulate(None)


def move(api, to) -> list[dict]:
    answer = api.post("clock/", {"now": to.isoformat()})
    assert answer.status_code == 200, answer.content
    return answer.json()["events"]


def test_moving_the_clock_answers_the_alerts_that_were_raised_on_the_way(api):
    configured.change(kind="no_trades", enabled=True, severity="warning", parameters={"hours": 4})
    assert move(api, MONDAY) == []
    keep(api.bot, history.days(2))
    assert [one for one in move(api, MONDAY + 2 * DAY) if one["type"] == "alarm"] == []
    events = move(api, MONDAY + 2 * DAY + timedelta(hours=9))
    opened = [event for event in events if event["type"] == "alarm"]
    # The last trade closed at 22:30; the first full hour more than 4 hours later is 3:00.
    assert [(one["job"], one["as_of"], one["kind"], one["what"]) for one in opened] == [
        ("monitor", "2025-03-05T03:00:00Z", "no_trades", "opened")
    ]
    keep(api.bot, history.days(1, start=MONDAY + 2 * DAY + timedelta(hours=9), first=900))
    events = move(api, MONDAY + 2 * DAY + timedelta(hours=11))
    assert [one["what"] for one in events if one["type"] == "alarm"] == ["ended"]
    assert Alert.objects.get().state == "resolved"


def test_what_looks_after_the_installation_is_not_told_in_simulated_time(api):
    move(api, MONDAY)
    move(api, MONDAY + timedelta(hours=3))
    assert not Alert.objects.exists()

"""The whole story of a change, as a trader lives it: in a real browser, beside a real bot."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.chromium import follow
from trading import clock
from trading.bots import tokens
from trading.models import Bot

pytestmark = pytest.mark.django_db(transaction=True)

DAY_ONE = datetime(2025, 3, 3, tzinfo=UTC)


@pytest.fixture
def day():
    """Set the day of the story, for the server too."""
    now = [DAY_ONE]
    clock.simulate(lambda: now[0])
    yield lambda number: now.__setitem__(0, DAY_ONE + timedelta(days=number))
    clock.simulate(None)


@pytest.fixture
def ask(transactional_db, live_server):
    """A bot's requests to the API: (path, body) -> (answer, headers)."""
    _, token = tokens.issue(Bot.objects.create(name="alpha"), "bot")

    def asked(path, body=None, **headers):
        request = urllib.request.Request(
            f"{live_server.url}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                **headers,
            },
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer), answer.headers

    return asked


def trades(since, results):
    """Two trades a day from a day on, one for each result in percent."""
    return [
        {
            "id": f"{since}-{number}",
            "strategy": "rsi_bb",
            "market": "BTC/USDT",
            "side": "long",
            "entry_price": 100,
            "exit_price": 100 + result,
            "size": 1,
            "exit_reason": "time_stop",
            "entry_time": (
                entered := DAY_ONE + timedelta(days=since + number // 2, hours=1)
            ).isoformat(),
            "exit_time": (entered + timedelta(minutes=5)).isoformat(),
        }
        for number, result in enumerate(results)
    ]


def press(page, name, role="button"):
    follow(page, page.get_by_role(role, name=name).click)


def test_a_change_is_made_served_judged_and_taken_back(open_page, live_server, ask, day):
    first, headers = ask("/parameters/rsi_bb/")
    assert (first["version"], first["values"]["stop_loss_bps"]) == (1, 4.0)
    ask("/trades/", trades(0, [0.1, -0.1, 0.3, 0.1] * 10))

    day(20)
    page = open_page()
    page.goto(f"{live_server.url}/admin/trading/strategyinstance/")
    press(page, "rsi_bb", "link")
    assert page.get_by_text("40 trades, win rate 75.0%, average +0.1000%").first.is_visible()
    page.get_by_label("Stop loss", exact=True).fill("6")
    page.get_by_label("Reason (required)").fill("Noise hits the stops")
    press(page, "Review change")
    assert page.get_by_role("cell", name="+2 bps, +50%").is_visible()
    press(page, "Make version 2 live")
    assert page.get_by_text("Version 2 of rsi_bb is live.").is_visible()

    served, _ = ask("/parameters/rsi_bb/", **{"If-None-Match": headers["ETag"]})
    assert (served["version"], served["values"]["stop_loss_bps"]) == (2, 6.0)
    day(40)
    ask("/trades/", trades(20, [-0.3, -0.1, -0.5, -0.1] * 10))

    page.reload(wait_until="networkidle")
    change = page.locator("#v2")
    assert change.get_by_text("Worse.").is_visible()
    assert "95% CI -0." in change.inner_text()
    assert "+0.1000%" in change.inner_text()
    assert "-0.2500%" in change.inner_text()
    press(page, "Roll back to version 1", "link")
    assert page.get_by_role("cell", name="-2 bps, -33%").is_visible()
    reason = page.get_by_label("Reason (required)")
    assert reason.input_value().startswith("Back to version 1")
    press(page, "Roll back to version 1")

    served, _ = ask("/parameters/rsi_bb/")
    assert (served["version"], served["values"]["stop_loss_bps"]) == (3, 4.0)
    told = page.locator(".sl-history").inner_text()
    texts = ("Version 3", "Back to version 1", "Version 2", "Noise hits the stops", "Version 1")
    places = [*map(told.index, texts), told.rindex("The declared defaults")]
    assert places == sorted(places)
    assert told.count("by owner") == 2
    assert page.complaints == []

"""Metrics over HTTP: the same numbers as everywhere, of any window, whole or in groups."""

from __future__ import annotations

import pytest

from tests.trading.story import MONDAY, MONDAY_SECONDS, NOW, payload, two_sets, week
from trading import clock, ingest
from trading.performance import measure
from trading.performance.selection import Selection

HOUR = 3600


def trades_of(answer) -> int:
    return answer.json()["trades"]


@pytest.fixture
def told(api):
    """A bot with a week of trades, some of them of an arm."""
    with clock.at(NOW):
        two_sets(api.bot)
        ingest.store_trades(api.bot, week())
        api.post(
            "trades/",
            [
                payload(id=f"arm-{n}", arm="b", exit_price=101 + n, context={"volatility_bps": n})
                for n in range(3)
            ],
        )
        yield api


def test_the_whole_is_what_the_ledger_says(told):
    found = told.get("performance/?strategy=rsi_bb").json()
    (wanted,) = measure(Selection(bot=told.bot, strategy="rsi_bb"), detail=True)
    assert found["key"] is None
    for name, value in wanted.metrics.items():
        if isinstance(value, dict):
            assert found[name] == {key: float(part) for key, part in value.items()}
        elif isinstance(value, tuple):
            assert found[name] == list(value)
        else:
            assert found[name] == (None if value is None else pytest.approx(float(value)))
    assert found["trades"] > 20 and found["median_pnl_pct"] is not None


def test_beyond_many_trades_medians_and_streaks_are_left_out(told, monkeypatch):
    full = told.get("performance/").json()
    monkeypatch.setattr("trading.api.views.performance.DETAILED", 5)
    found = told.get("performance/").json()
    left_out = {
        "median_pnl_pct",
        "longest_losing_streak",
        "avg_mfe_pct",
        "avg_mae_pct",
        "edge_captured",
    }
    assert found.keys() == full.keys()
    assert {name for name in found if found[name] != full[name]} <= left_out
    assert all(found[name] is None for name in left_out)


def test_without_trades_nothing_is_undefined_in_disguise(api):
    found = api.get("performance/").json()
    assert (found["trades"], found["win_rate"], found["sharpe"], found["total_pnl"]) == (
        0,
        None,
        None,
        {},
    )
    assert api.get("performance/?by=market").json() == []


@pytest.mark.parametrize(
    "by",
    [
        "strategy",
        "market",
        "version",
        "exit_reason",
        "day",
        "hour",
        "feature:volatility_bps",
        "param:max_hold_minutes",
    ],
)
def test_groups_share_the_whole_among_them(told, by):
    groups = told.get(f"performance/?by={by}").json()
    assert sum(group["trades"] for group in groups) == trades_of(told.get("performance/"))
    assert len({group["key"] for group in groups}) == len(groups) > 1
    assert all(isinstance(group["key"], str) for group in groups)


def test_filters_narrow(told):
    def count(query):
        return trades_of(told.get(f"performance/?{query}"))

    whole = count("")
    assert count("mode=live") == whole
    assert whole + count("mode=paper") == 63
    assert count("market=BTC-PERP") + count("market=ETH/USDT:USDT") == whole
    assert count("arm=b") == 3 and count("arm=b&version=1") == 3 and count("arm=x") == 0
    assert 0 < count("strategy=rsi_bb&version=2") < count("strategy=rsi_bb")
    assert count("strategy=rsi_bb&version=9") == count("market=nowhere") == 0
    found = told.get("performance/?arm=b&by=feature:volatility_bps").json()
    assert [(group["key"], group["trades"]) for group in found] == [("0", 1), ("1", 1), ("2", 1)]


@pytest.fixture
def hourly(api):
    """A trade closed every hour of forty days before NOW."""
    end = int(NOW.timestamp())
    rows = [
        payload(id=f"t-{n}", entry_time=end - n * HOUR - 1800, exit_time=end - n * HOUR)
        for n in range(1, 40 * 24 + 1)
    ]
    with clock.at(NOW):
        assert api.post("trades/", rows).status_code == 201
        yield api


@pytest.mark.parametrize(
    ("query", "trades"),
    [
        ("window=24h", 24),
        ("window=7d", 168),
        ("window=30d", 720),
        ("window=all", 960),
        ("", 960),
        ("window=24h&as_of=2025-03-10T00:00:00Z", 24),
        ("as_of=2025-03-10T00:30:00Z", 960 - 3 * 24 + 1),
        ("window=24h&as_of=2025-01-01T00:00:00Z", 0),
        ("since=2025-03-12T00:00:00Z", 24),
        ("until=2025-03-12T00:00:00Z", 936),
        ("since=2025-03-12T00:00:00Z&until=2025-03-12T01:00:01Z", 2),
        ("since=2025-03-12T00:00:00Z&until=2025-03-12T00:00:00Z", 0),
        ("since=2025-03-12T00:00:00Z&until=2025-03-11T00:00:00Z", 0),
        ("window=24h&since=2025-03-12T23:00:00Z", 1),
    ],
)
def test_a_window_holds_the_trades_that_closed_in_it(hourly, query, trades):
    found = hourly.get(f"performance/?{query}")
    assert found.status_code == 200
    assert trades_of(found) == trades
    groups = hourly.get(f"performance/?{query}&by=day".replace("?&", "?")).json()
    assert sum(group["trades"] for group in groups) == trades


def test_closed_results_stand_beside_the_open_positions(api):
    minute = MONDAY_SECONDS
    api.put(
        "positions/",
        {
            "strategy": "rsi_bb",
            "market": "M",
            "side": "short",
            "entry_price": 100,
            "size": 2,
            "entry_time": minute,
            "as_of": minute,
        },
    )
    assert api.get("performance/").json()["open_pnl"] is None
    api.post("candles/", {"market": "M", "interval": 60, "candles": [[minute, 90, 95, 85, 90, 1]]})
    found = api.get("performance/?strategy=rsi_bb").json()
    assert (found["open_positions"], found["open_pnl"]) == (1, 20.0)


def test_money_is_told_by_currency(api):
    with clock.at(MONDAY.replace(day=10)):
        api.post("trades/", [payload(), payload(id="t-2", currency="EUR", pnl="-0.1")])
        found = api.get("performance/").json()
    assert found["total_pnl"] == {"USD": 1.0, "EUR": -0.1}

"""Pictures lose points, and nothing that matters."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.quant.bricks import Bricks
from analytics.research import charts
from tests.analytics.replays import walk


def test_a_long_range_is_drawn_in_few_candles_that_keep_its_extremes():
    found = walk(10_000)
    drawn = charts.candles(found, most=300)
    assert len(drawn["time"]) <= 300 and drawn["each"] == [34.0]
    assert max(drawn["high"]) == found.high.max() and min(drawn["low"]) == found.low.min()
    assert drawn["open"][0] == found.open[0] and drawn["close"][-1] == found.close[-1]
    assert drawn["close"][0] == found.close[33] and drawn["high"][0] == found.high[:34].max()
    assert drawn["time"][1] == found.open_time[34] * 1_000


def test_a_short_range_is_drawn_as_it_is():
    found = walk(100)
    drawn = charts.candles(found)
    assert drawn["close"] == found.close.tolist() and drawn["each"] == [1.0]
    assert charts.candles(walk(0))["time"] == []


def test_a_thinned_curve_keeps_its_ends_and_its_deepest_fall():
    value = np.cumsum(np.random.default_rng(3).normal(size=50_000))
    time = np.arange(value.size, dtype=float)
    drawn = charts.curve(time, value, most=400)
    assert len(drawn["time"]) <= 404 and drawn["time"] == sorted(drawn["time"])
    assert (drawn["value"][0], drawn["value"][-1]) == (value[0], value[-1])
    assert (max(drawn["value"]), min(drawn["value"])) == (value.max(), value.min())


def test_equity_counts_what_is_open_at_each_close_less_the_fee_of_its_entry():
    shown = {
        "time": [0, 60_000, 120_000, 180_000],
        "close": [100.0, 101.0, 99.0, 50.0],
        "each": [1.0],
    }
    trades = [
        {"side": "long", "entry_at": 60, "exit_at": 180, "entry_price": 100.0, "pnl_pct": -1.04},
        {"side": "short", "entry_at": 180, "exit_at": 300, "entry_price": 100.0, "pnl_pct": 9.0},
    ]
    found = charts.marked(shown, 60, trades, 2.0)
    assert found["time"] == [60_000, 120_000, 180_000, 240_000]
    # Entered at 100 with 0.02 % paid; then 1 % ahead; then closed, and the short entered at 99
    # against 100; then half the price.
    wanted = [-0.02, 0.98, -1.04 + 1.0 - 0.02, -1.04 + 50.0 - 0.02]
    assert found["value"] == pytest.approx(wanted)
    assert charts.marked(shown, 60, [], 2.0)["value"] == [0.0] * 4


def test_bricks_closed_together_share_their_time():
    found = charts.bricks(
        Bricks(np.array([60.0, 120, 120]), np.array([1.0, 2, 3]), np.array([2.0, 3, 4])), 0.0
    )
    assert found["from"] == [0, 60_000, 90_000] and found["to"] == [60_000, 90_000, 120_000]
    many = Bricks(*np.zeros((3, 10)))
    assert charts.bricks(many, 0.0, most=9) == {
        "of": 10,
        "from": [],
        "to": [],
        "open": [],
        "close": [],
    }

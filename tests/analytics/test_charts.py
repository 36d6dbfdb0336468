"""Pictures lose points, and nothing that matters."""

from __future__ import annotations

import numpy as np

from analytics import charts

from .replays import walk


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

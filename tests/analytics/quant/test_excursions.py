"""What trades reached, from bars: at least, and at most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.quant import excursions

MINUTE = 60


def reach(high, low, entered, left, entry, exit_, side=1, start=0, gap=()):
    times = start + MINUTE * np.arange(len(high))
    keep = [at for at in range(len(high)) if at not in gap]
    found = excursions.reach(
        times[keep],
        np.array(high, float)[keep],
        np.array(low, float)[keep],
        MINUTE,
        np.array([float(entered)]),
        np.array([float(left)]),
        np.array([float(entry)]),
        np.array([float(exit_)]),
        np.array([side]),
    )
    return {name: float(getattr(found, name)[0]) for name in found.__slots__}


HIGH = [101, 103, 104, 102, 105]
LOW = [99, 98, 100, 99, 97]


def test_a_long_trade_by_the_bars_between_and_by_all_it_touched():
    # From 30 s to 210 s: bars 1 and 2 lie between, 0 and 3 are touched.
    found = reach(HIGH, LOW, 30, 210, 100, 101)
    assert (found["mfe"], found["mae"]) == pytest.approx((4, 2))
    assert (found["mfe_most"], found["mae_most"]) == pytest.approx((4, 2))
    assert found["to_mfe"] == 180 - 30


def test_a_short_trade_is_the_other_way_round():
    found = reach(HIGH, LOW, 30, 270, 100, 99, side=-1)
    assert (found["mfe"], found["mae"]) == pytest.approx((2, 4))
    assert (found["mfe_most"], found["mae_most"]) == pytest.approx((3, 5))
    assert found["to_mfe"] == 120 - 30


def test_within_one_bar_only_entry_and_exit_are_certain():
    found = reach(HIGH, LOW, 70, 110, 100, 101)
    assert (found["mfe"], found["mae"]) == pytest.approx((1, 0))
    assert (found["mfe_most"], found["mae_most"]) == pytest.approx((3, 2))
    assert np.isnan(found["to_mfe"])


def test_whole_bars_from_open_to_close_are_exact():
    found = reach(HIGH, LOW, 60, 180, 100, 101)
    assert (found["mfe"], found["mae"]) == pytest.approx((4, 2))
    assert (found["mfe_most"], found["mae_most"]) == pytest.approx((4, 2))


@pytest.mark.parametrize(
    "changes",
    [{"gap": (1,)}, {"left": 400}, {"start": 60}, {"entry": 120, "exit_": 120}],
    ids=[
        "a bar is missing",
        "it ends after the last bar",
        "it begins before the first",
        "the price is of another market",
    ],
)
def test_bars_that_do_not_cover_a_trade_tell_nothing(changes):
    wanted = {"entered": 30, "left": 210, "entry": 100, "exit_": 101} | changes
    assert np.isnan(list(reach(HIGH, LOW, **wanted).values())).all()


def test_without_bars_nothing_is_known():
    assert np.isnan(list(reach([], [], 30, 210, 100, 101).values())).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000))
def test_the_truth_lies_between_least_and_most(seed):
    rng = np.random.default_rng(seed)
    ticks = 100 * np.exp(np.cumsum(rng.standard_normal(1_200) * 0.001))  # one a second
    begin = int(rng.integers(0, 1_100))
    end = int(rng.integers(begin, 1_200))
    side = int(rng.choice([-1, 1]))
    by_bar = ticks.reshape(-1, MINUTE)
    found = reach(
        by_bar.max(axis=1), by_bar.min(axis=1), begin, end, ticks[begin], ticks[end], side
    )
    path = side * (ticks[begin : end + 1] / ticks[begin] - 1) * 100
    assert found["mfe"] <= path.max() + 1e-9 <= found["mfe_most"] + 2e-9
    assert found["mae"] <= -path.min() + 1e-9 <= found["mae_most"] + 2e-9

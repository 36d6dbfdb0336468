"""What exits left, and bounds of what others would have made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.quant import exits
from analytics.quant.exits import Paths

NAN = float("nan")
COST = 0.1


def paths(*rows, days=None):
    """Rows of (gross, mfe, mae, how it was left: t, s or -, distance of the stop)."""
    gross, mfe, mae, left, stop = zip(*rows, strict=True)
    column = [np.array(one, dtype=float) for one in (gross, mfe, mae, stop)]
    left = np.array(left)
    return Paths(
        column[0] - COST,
        column[0],
        column[1],
        column[2],
        column[1].copy(),
        column[2].copy(),
        column[3],
        left == "t",
        left == "s",
        np.full(len(rows), 30.0),
        np.full(len(rows), 60.0),
        np.arange(len(rows)) if days is None else np.array(days),
    )


def of_one(row, target, stop):
    """The bounds of twenty trades like this one."""
    return exits.what_if(paths(*[row] * 20), target, stop)


def test_quality_by_hand():
    found = exits.quality(paths((2.1, 3, 1, "t", 1), (-0.9, 1, 1, "s", 1), (0.1, NAN, 2, "-", 1)))
    assert (found.trades, found.known) == (3, 2)
    assert found.avg_pnl_pct == pytest.approx((2 - 1 + 0) / 3)
    assert (found.mfe_pct, found.pain_pct) == pytest.approx((2, 1))
    assert found.left_pct == pytest.approx(((3 - 2) + (1 - -1)) / 2)
    assert found.edge_captured == pytest.approx(0.5 / 2)
    assert found.went_green == 1.0  # the loser had been as far up as it ended down
    assert (found.to_mfe_seconds, found.hold_seconds) == (30, 60)


def test_quality_of_nothing_is_none():
    found = exits.quality(paths((1.0, NAN, NAN, "t", 1)).take(np.zeros(0, np.int64)))
    assert found.trades == 0 and found.avg_pnl_pct is None and found.edge_captured is None


def test_no_edge_captured_where_bars_leave_the_reach_open():
    some = paths((1.0, 1.0, 0.5, "t", 1))
    some.mfe_most[:] = 2.0
    found = exits.quality(some)
    assert found.edge_captured is None
    assert (found.left_pct, found.left_most_pct) == pytest.approx((0.1, 1.1))


@pytest.mark.parametrize(
    ("row", "target", "stop", "low", "high"),
    [
        # It had passed the nearer target: it ends there, whatever came after.
        ((-1.0, 2.0, 1.0, "s", 1.0), 1.5, None, 1.4, 1.4),
        # It had passed the nearer stop.
        ((2.0, 2.0, 0.7, "t", 1.0), None, 0.5, -0.6, -0.6),
        # It passed both, and nobody knows which came first.
        ((-1.0, 2.0, 1.0, "s", 1.0), 1.5, 0.5, -0.6, 1.4),
        # It came to neither and was left for another reason: as it was.
        ((0.3, 1.0, 0.2, "-", 1.0), 1.5, 0.5, 0.2, 0.2),
        # Left at a target that is now further away: it goes on to the new one, or to its stop.
        ((1.0, 1.0, 0.2, "t", 0.8), 1.5, None, -0.9, 1.4),
        # The stop that it would go on to was not recorded.
        ((1.0, 1.0, 0.2, "t", NAN), 1.5, None, None, 1.4),
        # Left at a stop that is now further away, with the target as it was: nobody knows.
        ((-1.0, 0.4, 1.0, "s", 1.0), None, 1.5, -1.6, None),
        ((-1.0, 0.4, 1.0, "s", 1.0), 0.5, 1.5, -1.6, 0.4),
        # What was recorded fell short of the price at which it was left.
        ((1.0, 0.9, 0.2, "-", 0.8), 1.0, None, 0.9, 0.9),
    ],
)
def test_bounds_of_one_trade_by_hand(row, target, stop, low, high):
    found = of_one(row, target, stop)
    wanted = [one if one is None else pytest.approx(one) for one in (low, high)]
    assert [found.low, found.high] == wanted
    assert found.now == pytest.approx(row[0] - COST)
    assert found.undecided == (0 if low == high else 20)


def test_a_level_that_was_perhaps_reached_has_two_answers():
    some = paths(*[(0.3, 0.5, 0.2, "-", 1.0)] * 20)
    some.mfe_most[:] = 2.0
    found = exits.what_if(some, 1.0, None)
    assert (found.low, found.high) == pytest.approx((0.2, 0.9))


def test_fewer_than_twenty_trades_tell_no_what_if():
    some = paths(*[(0.3, 0.5, 0.2, "-", 1.0)] * 19)
    assert exits.what_if(some, 1.0, None) is None
    assert exits.grid(some) == ([], [])


def test_chance_widens_the_change_and_needs_five_days():
    rng = np.random.default_rng(1)
    rows = [(one, max(one, 0) + 0.5, max(-one, 0) + 0.5, "-", 1.0) for one in rng.normal(0, 1, 80)]
    found = exits.what_if(paths(*rows, days=np.arange(80) // 8), 0.5, None)
    assert found.change_low < found.low - found.now <= found.high - found.now < found.change_high
    few = exits.what_if(paths(*rows, days=np.arange(80) // 20), 0.5, None)
    assert few.change_low is None and few.change_high is None


def test_the_more_is_asked_the_wider_is_chance():
    rng = np.random.default_rng(1)
    rows = [(one, max(one, 0) + 0.5, max(-one, 0) + 0.5, "-", 1.0) for one in rng.normal(0, 1, 80)]
    some = paths(*rows, days=np.arange(80) // 8)
    alone, (among, *_) = exits.what_if(some, 0.5, None), exits.what_ifs(some, [0.5, 1.0], [None])
    assert among.change_low < alone.change_low and among.low == alone.low
    # Ten days: the jackknife of equal days is the standard error of their means.
    change = np.where(np.array([row[1] for row in rows]) >= 0.5, 0.5 - COST, some.r) - some.r
    daily = change.reshape(10, 8).mean(axis=1)
    error = np.std(daily, ddof=1) / np.sqrt(10)
    assert alone.change_low == pytest.approx(daily.mean() - 2.262157 * error)


def test_the_grid_is_of_what_trades_reached():
    some = paths(*[(0.0, reach, 2 * reach, "-", 1.0) for reach in np.arange(1, 101) / 100])
    targets, stops = exits.grid(some)
    assert targets == pytest.approx([0.21, 0.41, 0.6, 0.8, 0.9])
    assert stops == pytest.approx([0.42, 0.81, 1.2, 1.6, 1.8])
    assert len(exits.what_ifs(some, [None, *targets], [None, *stops])) == 36


def walked(rng, target, stop, patience=60):
    """A random walk to a target or a stop, or left after a while: (gross, mfe, mae, how)."""
    steps = np.cumsum(rng.standard_normal(600) * 0.2)
    for at, value in enumerate(steps):
        if value >= target or value <= -stop or at == patience:
            # Filled at the level, as orders are.
            gross = min(max(value, -stop), target)
            left = "t" if value >= target else "s" if value <= -stop else "-"
            seen = np.append(steps[:at], gross)
            return steps, (gross, max(seen.max(), 0), max(-seen.min(), 0), left, stop)
    raise AssertionError


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000), st.floats(0.2, 3.0), st.floats(0.2, 3.0))
def test_what_would_have_happened_lies_between_the_bounds(seed, target, stop):
    """Walks are replayed with the other target and stop, and the same patience."""
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for _ in range(25):
        state = np.random.default_rng(rng.integers(1 << 40))
        again = np.random.default_rng()
        again.bit_generator.state = state.bit_generator.state
        rows.append(walked(state, 1.0, 1.0)[1])
        truth.append(walked(again, target, stop)[1][0] - COST)
    found = exits.what_if(paths(*rows), target, stop)
    assert found.low - 1e-9 <= np.mean(truth) <= found.high + 1e-9


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 100_000))
def test_the_order_of_trades_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    some = paths(*[walked(rng, 1.0, 1.0)[1] for _ in range(30)], days=rng.integers(0, 7, 30))
    mixed = some.take(rng.permutation(30))
    assert exits.grid(some) == exits.grid(mixed)
    one, two = (exits.what_if(each, 0.8, 0.6) for each in (some, mixed))
    for name in one.__slots__:
        assert getattr(one, name) == pytest.approx(getattr(two, name))


def test_parts_of_trades_average_to_the_whole():
    rng = np.random.default_rng(2)
    some = paths(*[walked(rng, 1.0, 1.0)[1] for _ in range(60)])
    first, second = some.take(np.arange(20)), some.take(np.arange(20, 60))
    whole, *parts = (exits.what_if(each, 0.8, 0.6) for each in (some, first, second))
    assert whole.low == pytest.approx((20 * parts[0].low + 40 * parts[1].low) / 60)
    assert whole.undecided == parts[0].undecided + parts[1].undecided


def fair(rng, steps=3_000):
    """A walk of small steps to 1 or -1: whatever the target and the stop, it makes nothing."""
    path = np.cumsum(rng.standard_normal(steps) * 0.02)
    end = int(np.argmax(np.abs(path) >= 1)) or steps - 1
    gross = float(np.clip(path[end], -1, 1))
    seen = np.append(path[:end], gross)
    left = {1.0: "t", -1.0: "s"}.get(gross, "-")
    return gross, max(seen.max(), 0.0), max(-seen.min(), 0.0), left, 1.0


def test_where_no_level_is_better_hardly_any_report_finds_one():
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(12):
        some = paths(*[fair(rng) for _ in range(160)], days=np.arange(160) // 8)
        targets, stops = exits.grid(some)
        found = exits.what_ifs(some, [None, *targets], [None, *stops])
        wrong += any(one.change_low is not None and one.change_low > 1e-9 for one in found)
    assert wrong <= 1

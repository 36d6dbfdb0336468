"""How trades of a bot and of a replay are paired, and what is measured of the pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quant import fidelity
from analytics.quant.fidelity import Trades

DAY = 86_400.0


def trades(*rows) -> Trades:
    """Of (side, entered, left, entry, exit, result, reason), each of which may be left out."""
    usual = (1.0, 0.0, 10.0, 100.0, 101.0, 1.0, "take_profit")
    full = [(*row, *usual[len(row) :]) for row in rows]
    columns = list(zip(*full, strict=True)) if full else [[]] * 7
    return Trades(
        *(np.array(column, float) for column in columns[:6]), np.array(columns[6], dtype=object)
    )


def test_the_nearest_on_the_same_side_within_a_candle_is_the_pair_each_once():
    live = trades((1, 100), (1, 112), (-1, 200), (1, 300))
    replay = trades((1, 110), (1, 114), (1, 199), (1, 316))
    # 112 is nearer to 110 and to 114 (both 2 away, the earlier first); 100 is left with none but
    # 114, 14 away. 199 is on the other side, 316 is 16 away.
    assert fidelity.pair(live, replay, 15).tolist() == [[0, 1], [1, 0]]


def test_of_two_that_are_equally_near_the_one_left_for_the_same_reason_is_taken():
    live = trades((1, 100, 120, 1, 1, 1, "stop_loss"))
    replay = trades((1, 95), (1, 105, 120, 1, 1, 1, "stop_loss"))
    assert fidelity.pair(live, replay, 15).tolist() == [[0, 1]]


def test_a_candle_away_is_still_within():
    assert len(fidelity.pair(trades((1, 100)), trades((1, 115)), 15)) == 1
    assert len(fidelity.pair(trades((1, 100)), trades((1, 115.1)), 15)) == 0


moments = st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(0, 400)), max_size=25)


@given(moments, moments, st.integers(0, 60))
def test_pairs_are_those_of_trying_every_one_in_order_of_distance(live, replay, within):
    mine, theirs = trades(*live), trades(*replay)
    every = sorted(
        (abs(a[1] - b[1]), i, j)
        for i, a in enumerate(live)
        for j, b in enumerate(replay)
        if a[0] == b[0] and abs(a[1] - b[1]) <= within
    )
    left, right, wanted = set(), set(), []
    for _, i, j in every:
        if i not in left and j not in right:
            wanted.append([i, j])
            left.add(i)
            right.add(j)
    assert fidelity.pair(mine, theirs, within).tolist() == sorted(wanted)


@given(moments, moments)
def test_counts_add_up_and_swapping_sides_swaps_missing_and_extra(live, replay):
    one = fidelity.compare(trades(*live), trades(*replay), 15)
    assert one.live == len(live) == one.matched + one.other_exit + one.missing
    assert one.replay == len(replay) == one.matched + one.other_exit + one.extra
    two = fidelity.compare(trades(*replay), trades(*live), 15)
    assert two.missing + two.extra >= abs(len(live) - len(replay))


def test_the_figures_are_those_worked_by_hand():
    live = trades(
        (1, 0, 100, 100.02, 101.0, 0.9, "take_profit"),
        (-1, DAY, DAY + 50, 199.98, 199.0, 0.4, "stop_loss"),
        (1, 2 * DAY, 2 * DAY + 50, 100.0, 99.0, -1.0, "time_stop"),
        (1, 3 * DAY, 3 * DAY + 50, 100.0, 99.0, -1.0, "stop_loss"),
    )
    replay = trades(
        (1, 5, 100, 100.0, 101.101, 1.0, "take_profit"),
        (-1, DAY, DAY + 50, 200.0, 198.801, 0.6, "stop_loss"),
        (1, 2 * DAY, 2 * DAY + 50, 100.0, 99.0, -0.7, "stop_loss"),
        (1, 4 * DAY, 4 * DAY + 50, 100.0, 101.0, 0.5, "take_profit"),
    )
    found = fidelity.compare(live, replay, 15)
    assert (found.matched, found.other_exit, found.missing, found.extra) == (2, 1, 1, 1)
    assert found.matched_share == 0.5 and found.agreement == 2 / 5
    assert found.exits == (("time_stop", "stop_loss", 1),)
    # Entries: bought 2 bps dearer, sold 1 bps cheaper, alike: all against us or nothing.
    assert found.entry_bps.median == pytest.approx(1.0) and found.entry_bps.count == 3
    # Exits of the matched: sold about 9.99 bps cheaper, bought back 10.01 bps dearer.
    assert found.exit_bps.median == pytest.approx(10.0, abs=0.02) and found.exit_bps.count == 2
    assert found.gap.mean == pytest.approx((-0.1 - 0.2 - 0.3) / 3) and found.gap.count == 3
    assert found.gap.sd == pytest.approx(0.1)
    # Three days of one trade each: mean -0.2, standard error 0.1 / sqrt(3), t of 2 days 2.92.
    assert found.gap.high - found.gap.mean == pytest.approx(2.919986 * 0.1 / 3**0.5, abs=1e-5)
    days = np.array([[0.9, 0.4, -1.0, -1.0, 0.0], [1.0, 0.6, -0.7, 0.0, 0.5]])
    assert found.correlation == pytest.approx(np.corrcoef(days)[0, 1]) and found.days == 5
    assert found.grade is None


def test_what_is_undefined_is_none():
    nothing = fidelity.compare(trades(), trades(), 15)
    assert nothing.matched_share is nothing.agreement is nothing.gap is nothing.grade is None
    assert nothing.entry_bps is nothing.correlation is None
    alone = fidelity.compare(trades((1, 0)), trades(), 15)
    assert (alone.matched_share, alone.missing, alone.correlation) == (0.0, 1, None)
    same = fidelity.compare(trades((1, 0)), trades((1, 0)), 15)
    assert same.gap.mean == 0.0 and same.gap.low is same.gap.sd is None


def test_a_trade_of_the_replay_that_ends_later_is_not_extra_but_may_be_a_pair():
    replay = trades((1, 0, 1_000), (1, 500, 2_000))
    assert fidelity.compare(trades(), replay, 15, until=1_500).extra == 1
    found = fidelity.compare(trades((1, 500, 1_400)), replay, 15, until=1_500)
    assert (found.matched, found.extra) == (1, 1)


@pytest.mark.parametrize(
    ("agreement", "mark"),
    [
        (1.0, "A"),
        (0.95, "A"),
        (0.949, "B"),
        (0.85, "B"),
        (0.7, "C"),
        (0.5, "D"),
        (0.49, "F"),
        (0.0, "F"),
        (None, None),
    ],
)
def test_grades_have_their_thresholds(agreement, mark):
    assert fidelity.grade(agreement, 20) == mark
    assert fidelity.grade(agreement, 19) is None


def test_a_replay_flatters_only_where_that_is_surely_more_than_costs_and_tolerance():
    def gap(mean, reach):
        return fidelity.Gap(mean, mean - reach, mean + reach, 1.0, 1.0, 50)

    assert fidelity.flatters(gap(-0.2, 0.05), 0.0)
    assert not fidelity.flatters(gap(-0.2, 0.15), 0.0)  # not sure
    assert not fidelity.flatters(gap(-0.2, 0.05), 0.1)  # assumed costs explain it
    assert not fidelity.flatters(gap(0.2, 0.05), 0.0) and not fidelity.flatters(None, 0.0)

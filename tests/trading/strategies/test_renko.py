"""Bricks: a platform's own, the rules by hand, and laws."""

from __future__ import annotations

import csv
import gzip
from difflib import SequenceMatcher

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trading.strategies import renko


def wall_from(prices, size, reversal=2, reference=None):
    """The bricks that prices complete: (close, direction), oldest first."""
    wall = np.zeros(renko.SIZE)
    renko.begin(wall, prices[0] if reference is None else reference)
    for price in prices:
        renko.step(wall, price, size, reversal)
    count = int(wall[renko.COUNT])
    return [(renko.close_of(wall, at), renko.direction_of(wall, at)) for at in range(count)]


def test_a_platforms_own_bricks_are_drawn(shared_data):
    folder = shared_data / "renko"
    with gzip.open(folder / "US30_T1_cT.csv.gz", "rt") as file:
        bids = [float(row["bid"]) for row in csv.DictReader(file)]
    with gzip.open(folder / "US30_Re50_cT.csv.gz", "rt") as file:
        theirs = list(csv.DictReader(file))
    wall = np.zeros(renko.SIZE)
    renko.begin(wall, float(theirs[0]["open"]))
    closes = []
    for bid in bids:
        made = renko.step(wall, bid, 5.0, 2)
        count = int(wall[renko.COUNT])
        closes += [renko.close_of(wall, count - made + at) for at in range(made)]
    wanted = [float(row["close"]) for row in theirs]
    assert SequenceMatcher(None, closes, wanted, autojunk=False).ratio() >= 0.98


def test_bricks_by_hand():
    prices = [100, 100.9, 101, 103.4, 102.1, 101.0, 100.9, 102.9, 103.0]
    assert wall_from(prices, 1.0) == [
        (101, 1),
        (102, 1),
        (103, 1),  # 103.4 spans two
        (101, -1),  # two sizes back, opened a size below the last close
        (103, 1),
    ]


def test_three_sizes_back_where_the_reversal_needs_them():
    assert wall_from([100, 102, 99.5], 1.0, 3) == [(101, 1), (102, 1)]
    assert wall_from([100, 102, 99.0], 1.0, 3) == [(101, 1), (102, 1), (100, -1), (99, -1)]


def test_where_one_size_turns_them_no_brick_ends_beyond_the_price():
    assert wall_from([100, 102, 101, 100], 1.0, 1) == [(101, 1), (102, 1), (101, -1), (100, -1)]


def test_a_size_of_nothing_draws_nothing():
    assert wall_from([100, 200], 0.0) == []


def test_a_leap_over_any_number_of_bricks_is_followed_close_by_close():
    wall = np.zeros(renko.SIZE)
    renko.begin(wall, 0.0)
    made = [renko.step(wall, 25_000.0, 1.0, 2) for _ in range(4)]
    assert made == [10_000, 10_000, 5_000, 0]


walks = st.lists(st.integers(-30, 30), min_size=2, max_size=300).map(
    lambda steps: (1_000 + np.cumsum(steps)).astype(float).tolist()
)


@given(walks, st.integers(1, 9), st.integers(1, 3))
def test_bricks_connect_and_a_turn_leaves_one_size_out(prices, size, reversal):
    bricks = wall_from(prices, float(size), reversal)
    last, facing = prices[0], 0
    for close, direction in bricks:
        turns = facing not in (0, direction) and reversal > 1
        apart = 2 * size if turns else size
        assert close == last + direction * apart
        last, facing = close, direction


@given(walks, st.integers(1, 9), st.integers(2, 300))
def test_a_prefix_of_the_prices_gives_a_prefix_of_the_bricks(prices, size, length):
    part, whole = wall_from(prices[:length], float(size)), wall_from(prices, float(size))
    assert whole[: len(part)] == part


def test_the_oldest_of_very_many_go_and_the_numbers_go_on():
    wall = np.zeros(renko.SIZE)
    renko.begin(wall, 0.0)
    for price in range(1, 3_001):
        renko.step(wall, float(price), 1.0, 2)
    count = int(wall[renko.COUNT])
    assert wall[renko.DRAWN] == 3_000 and 512 <= count <= renko.MOST
    assert [renko.close_of(wall, at) for at in range(count)] == list(range(3_001 - count, 3_001))

"""Whether arms differ: worked by hand, against plain loops, and by law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import known_worlds
from trading.ledger import arms, effect
from trading.ledger.metrics import Daily


def daily(*pairs):
    """Days from (sum, trades)."""
    return Daily(np.array([total for total, _ in pairs], float), np.array([n for _, n in pairs]))


def test_a_difference_by_hand():
    control = daily((1.0, 2), (2.0, 2), (3.0, 2))
    arm = daily((2.0, 2), (3.0, 2), (7.0, 2))
    found = arms.paired(control, arm)
    assert found.difference == pytest.approx(2.0 - 1.0)
    # Left out of 4: moves of the control -1/4, 0, 1/4 and of the arm -2/4, -1/4, 3/4.
    gaps = [-0.25, -0.25, 0.5]
    assert found.error == pytest.approx(math.sqrt(sum(gap**2 for gap in gaps) * 2 / 3))
    reach = 12.706204736432095 * found.error  # Student's t with one degree of freedom
    assert (found.low, found.high) == pytest.approx((1 - reach, 1 + reach))
    assert found.days == 3 and not found.beyond_chance


def by_leaving_out(control, arm):
    """The jackknife by its definition: the difference without each day in turn."""
    days = [day for day in range(len(control)) if control[day][1] or arm[day][1]]

    def gap(without):
        kept = [day for day in days if day != without]
        return sum(arm[day][0] for day in kept) / sum(arm[day][1] for day in kept) - sum(
            control[day][0] for day in kept
        ) / sum(control[day][1] for day in kept)

    left = [gap(day) for day in days]
    whole = gap(None)
    # Around the estimate itself; the text books' around the mean of these differs by little.
    return whole, math.sqrt(sum((one - whole) ** 2 for one in left) * (len(days) - 1) / len(days))


days = st.tuples(st.floats(-5, 5, allow_nan=False), st.integers(1, 9))


@given(st.lists(st.tuples(days, days), min_size=3, max_size=12))
def test_the_error_is_that_of_leaving_days_out(pairs):
    control, arm = ([pair[at] for pair in pairs] for at in (0, 1))
    found = arms.paired(daily(*control), daily(*arm))
    difference, error = by_leaving_out(control, arm)
    assert found.difference == pytest.approx(difference, abs=1e-9)
    assert found.error == pytest.approx(error, abs=1e-9)


@given(st.lists(st.tuples(days, days), min_size=3, max_size=12), st.floats(-3, 3))
def test_what_a_day_does_to_both_arms_alike_cancels(pairs, shift):
    counts = [n for (_, n), _ in pairs]
    control = [(total, n) for (total, n), _ in pairs]
    arm = [(total, n) for (_, (total, _)), n in zip(pairs, counts, strict=True)]
    moved = [shift * (-1) ** day for day in range(len(pairs))]
    both = [
        [(total + move * n, n) for (total, n), move in zip(one, moved, strict=True)]
        for one in (control, arm)
    ]
    plain = arms.paired(daily(*control), daily(*arm))
    shifted = arms.paired(daily(*both[0]), daily(*both[1]))
    assert shifted.difference == pytest.approx(plain.difference, abs=1e-9)
    assert shifted.error == pytest.approx(plain.error, abs=1e-7)


def test_days_that_only_one_arm_reached_count_and_lengths_may_differ():
    found = arms.paired(daily((1.0, 1), (2.0, 1), (3.0, 1)), daily((0.0, 0), (2.0, 1)))
    assert found.trades == (3, 1) and found.days == 3
    assert found.error is None and found.low is None and not found.beyond_chance


@pytest.mark.parametrize("empty", [daily(), daily((0.0, 0), (0.0, 0))])
def test_an_arm_without_trades_is_not_compared(empty):
    some = daily((1.0, 2), (2.0, 2))
    assert arms.paired(some, empty) is None and arms.paired(empty, some) is None
    assert arms.followed(empty, some) is None


def test_days_that_do_not_differ_give_no_interval():
    same = daily((1.0, 1), (1.0, 1), (1.0, 1))
    found = arms.paired(same, same)
    assert (found.difference, found.low, found.trades_needed()) == (0.0, None, None)


def test_several_arms_make_each_interval_wider():
    rng = np.random.default_rng(1)
    control, arm = (Daily(rng.normal(size=40), np.full(40, 4)) for _ in range(2))
    one, three = arms.paired(control, arm), arms.paired(control, arm, 3)
    assert three.low < one.low and three.high > one.high
    ratio = effect.t_quantile(1 - 0.05 / 6, 19.5) / effect.t_quantile(0.975, 19.5)
    assert (three.high - three.low) / (one.high - one.low) == pytest.approx(ratio)


def test_a_stretch_and_the_next_are_held_as_two():
    rng = np.random.default_rng(2)
    before, after = (Daily(rng.normal(size=30), np.full(30, 4)) for _ in range(2))
    found, known = arms.followed(before, after), effect.effect(before, after)
    assert (found.low, found.high) == pytest.approx(known.interval())


def turns(rng, noise, size, gap=0.0):
    """Two arms that take turns at random in a world, ``gap`` apart."""
    r = known_worlds.results(rng, noise, 1, size)[0] - known_worlds.EDGE
    which = rng.random(r.shape) < 0.5
    r = r + gap * which
    return [Daily(np.where(mine, r, 0.0).sum(axis=1), mine.sum(axis=1)) for mine in (~which, which)]


@pytest.mark.parametrize("noise", known_worlds.NOISES, ids=lambda noise: noise.name)
@pytest.mark.parametrize("size", [7, 60])
def test_without_effect_a_difference_is_claimed_in_one_of_twenty(noise, size):
    rng = np.random.default_rng(4)
    claims = sum(arms.paired(*turns(rng, noise, size)).beyond_chance for _ in range(400))
    assert claims <= 32  # 20 are expected; more than 32 has a chance of 3 in 1 000


def test_with_the_trades_that_are_said_to_be_needed_it_is_found_4_times_in_5():
    rng = np.random.default_rng(6)
    noise, gap = known_worlds.NOISES[0], 0.2
    said = np.median(
        [
            arms.Difference(gap, one.trades, one.days, one.error, 0.0, 0.0).trades_needed()
            for one in (arms.paired(*turns(rng, noise, 60, gap)) for _ in range(50))
        ]
    )
    assert said == pytest.approx(2 * 7.85 / gap**2, rel=0.1)
    size = round(2 * said / known_worlds.PER_DAY)
    found = sum(arms.paired(*turns(rng, noise, size, gap)).beyond_chance for _ in range(300))
    assert 0.72 <= found / 300 <= 0.88


def test_a_bot_that_asks_less_in_one_arms_blocks_is_noticed():
    assert arms.unlike([50, 50], [50, 50]) == 1.0
    assert arms.unlike([0, 0], [50, 50]) == 1.0
    assert arms.unlike([45, 46], [50, 50]) > 0.5
    assert arms.unlike([30, 49], [50, 50]) < 0.001


@pytest.mark.parametrize(
    ("square", "freedom", "share"),
    # Tables of chi-square.
    [
        (3.841459, 1, 0.05),
        (10.827566, 1, 0.001),
        (5.991465, 2, 0.05),
        (7.814728, 3, 0.05),
        (13.276704, 4, 0.01),
    ],
)
def test_chi_square_agrees_with_tables(square, freedom, share):
    assert arms._chi_square_above(square, freedom) == pytest.approx(share, rel=1e-5)

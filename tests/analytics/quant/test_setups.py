"""Setups are named where they last, and shrunk where they do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quant import setups, significance
from benchmarks import known_worlds
from benchmarks.known_worlds import NOISES

DAYS = 12


def evenly(*averages, trades=3):
    """Setups with as many trades each day, their sums a little up and down around an average."""
    n = np.full((len(averages), DAYS), float(trades))
    wobble = np.where(np.arange(DAYS) % 2, 0.3, -0.3)
    return n, np.array([trades * average + wobble for average in averages])


def test_means_excesses_and_errors_by_hand():
    n, total = evenly(1.0, 3.0)
    found = setups.judge(n, total, n.sum(axis=0), total.sum(axis=0))
    assert found.mean == pytest.approx([1.0, 3.0])
    assert found.excess == pytest.approx([-1.0, 1.0])
    # 12 residuals of 0.3: 1.08 each; by itself 1.08 * 12 / 11 / 36, pooled 2.16 / 72.
    own, pooled = 12 / 32 * (1.08 * 12 / 11 / 36), 20 / 32 * 0.03
    error = math.sqrt((own + pooled) / 36)
    freedom = 11 * ((own + pooled) / own) ** 2
    z = (
        math.sqrt(freedom * math.log1p(1 / error**2 / freedom))
        * (8 * freedom + 1)
        / (8 * freedom + 3)
    )
    assert found.error == pytest.approx([1 / z] * 2)


@pytest.mark.parametrize(("t", "freedom"), [(2.0, 10), (4.5, 30), (-3.0, 80)])
def test_an_error_that_is_guessed_makes_a_tail_as_rare_as_it_is(t, freedom):
    """Wallace's z has the tail of Student's t, to a few in a hundred."""
    z = math.sqrt(freedom * math.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    normal = math.erfc(z / math.sqrt(2)) / 2
    assert normal == pytest.approx(significance.t_below(-abs(t), freedom), rel=0.05)


def test_too_few_trades_or_days_are_not_judged():
    n, total = evenly(1.0, 3.0)
    n[0, 10:], total[0, 10:] = 0, 0  # 30 trades on 10 days
    n[1, 9:], total[1, 9:] = 0, 0  # 27 trades on 9 days
    found = setups.judge(n, total, n.sum(axis=0), total.sum(axis=0))
    assert np.isnan(found.shrunk).tolist() == [False, True]
    assert not found.named[1]


def test_nothing_at_all_is_no_setup():
    none = np.zeros((2, DAYS))
    found = setups.judge(none, none, none[0], none[0])
    assert np.isnan(found.mean).all() and not found.named.any()
    empty = setups.judge(np.zeros((0, DAYS)), np.zeros((0, DAYS)), none[0], none[0])
    assert empty.named.size == 0


def plainly(excess, error):
    """The same prior found by loops, and its posterior mean and chance of the wrong sign."""
    smallest = min(error) / 10
    gaps = [x * x - s * s for x, s in zip(excess, error, strict=True)]
    steps = math.ceil(2 * math.log2(max(2 * math.sqrt(max(*gaps, 0.0)) / smallest, 2.0)))
    widths = [0.0] + [smallest * 2 ** (step / 2) for step in range(1, steps + 1)]

    def density(x, s, width):
        spread = s * s + width * width
        return math.exp(-x * x / spread / 2) / math.sqrt(spread)

    table = [[density(x, s, w) for w in widths] for x, s in zip(excess, error, strict=True)]
    weights = [1 / len(widths)] * len(widths)
    for _ in range(3_000):
        sums = [setups.NULL_WEIGHT] + [0.0] * (len(widths) - 1)
        for row in table:
            whole = sum(w * d for w, d in zip(weights, row, strict=True))
            for at, d in enumerate(row):
                sums[at] += weights[at] * d / whole
        weights = [one / sum(sums) for one in sums]
    means, wrong = [], []
    for x, s, row in zip(excess, error, table, strict=True):
        whole = sum(w * d for w, d in zip(weights, row, strict=True))
        belongs = [w * d / whole for w, d in zip(weights, row, strict=True)]
        pulls = [w * w / (w * w + s * s) for w in widths]
        means.append(sum(b * p * x for b, p in zip(belongs, pulls, strict=True)))
        below = sum(
            b * math.erfc(math.sqrt(p) * x / s / math.sqrt(2)) / 2
            for b, p in zip(belongs[1:], pulls[1:], strict=True)
        )
        wrong.append(min(below + belongs[0], 1 - below))
    return means, wrong


def test_shrinking_agrees_with_plain_loops():
    rng = np.random.default_rng(3)
    error = rng.uniform(0.05, 0.2, 25)
    excess = rng.normal(0, error) + np.where(np.arange(25) < 4, 0.5, 0.0)
    shrunk, low, high, wrong = setups.shrink(excess, error)
    means, signs = plainly(excess.tolist(), error.tolist())
    assert shrunk == pytest.approx(means, abs=2e-4)
    assert wrong == pytest.approx(signs, abs=2e-4)
    assert ((low <= shrunk) & (shrunk <= high)).all()


numbers = st.floats(-3, 3, allow_nan=False)
errors = st.floats(0.05, 2, allow_nan=False)
several = st.lists(st.tuples(numbers, errors), min_size=1, max_size=12)


@given(several, st.floats(0.01, 100))
def test_the_unit_does_not_matter_and_neither_does_the_direction(pairs, factor):
    excess, error = (np.array(column) for column in zip(*pairs, strict=True))
    shrunk, _, high, wrong = setups.shrink(excess, error)
    other = setups.shrink(-factor * excess, factor * error)
    assert other[0] == pytest.approx(-factor * shrunk, abs=2e-3 * factor)
    assert other[1] == pytest.approx(-factor * high, abs=0.03 * factor)
    assert other[3] == pytest.approx(wrong, abs=2e-3)


@given(several)
def test_what_is_expected_lies_between_nothing_and_what_was_seen(pairs):
    excess, error = (np.array(column) for column in zip(*pairs, strict=True))
    shrunk, _, _, wrong = setups.shrink(excess, error)
    assert (np.abs(shrunk) <= np.abs(excess) + 1e-9).all()
    assert (shrunk * excess >= -1e-12).all()
    assert ((wrong >= 0) & (wrong <= 1 + 1e-9)).all()


def test_what_is_beyond_all_doubt_is_hardly_shrunk():
    excess, error = np.array([1.0, 0.0, 0.01, -0.02, 0.01]), np.full(5, 0.02)
    shrunk, low, _, wrong = setups.shrink(excess, error)
    assert shrunk[0] == pytest.approx(1.0, abs=0.01)
    assert low[0] == pytest.approx(1 - 1.96 * 0.02, abs=0.005) and wrong[0] < 1e-6
    assert (wrong[1:] > 0.4).all()


@pytest.mark.parametrize("noise", [NOISES[0], NOISES[3]], ids=["normal", "heavy"])
def test_without_effect_hardly_a_report_names_a_setup(noise):
    rng = np.random.default_rng(5)
    named = 0
    for _ in range(60):
        world = known_worlds.planted(rng, noise, days=400)
        named += judged(world).named.any()
    assert named <= 6  # 3 are expected of 60 at most; more than 6 has a chance of 3 in 100


def test_setups_that_are_better_are_found_and_what_is_named_is_true():
    rng = np.random.default_rng(7)
    named = false = 0
    for _ in range(10):
        world = known_worlds.planted(rng, NOISES[2], days=7_500, good=10)
        found = judged(world)
        named += found.named.sum()
        false += (found.named & (world.truth * found.shrunk <= 0)).sum()
    assert named >= 40 and false <= 0.1 * named


def judged(world):
    return setups.judge(world.n, world.total, world.whole_n, world.whole_total)


def test_trades_needed_by_hand():
    assert setups.trades_needed(1.0, 0.15) == 349
    assert setups.trades_needed(1.0, -0.15) == 349
    assert setups.trades_needed(1.0, 0.0) is None


def test_win_rates_are_drawn_to_the_common_one_the_fewer_the_trades():
    rates = setups.win_rates(np.array([9.0, 450.0, 5.0]), np.array([10.0, 1_000.0, 10.0]))
    common = 464 / 1020
    assert common < rates[0] < 0.9
    assert abs(rates[1] - 0.45) < abs(common - 0.45)
    assert np.isnan(setups.win_rates(np.zeros(2), np.zeros(2))).all()


def test_win_rates_that_truly_differ_are_left_apart():
    rates = setups.win_rates(np.array([200.0, 800.0]), np.array([1_000.0, 1_000.0]))
    assert rates == pytest.approx([0.2, 0.8], abs=0.01)

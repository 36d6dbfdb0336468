from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quant import compare
from benchmarks import known_worlds


def sums(values) -> tuple[float, float, float]:
    return len(values), float(np.sum(values)), float(np.square(values).sum())


def test_a_difference_worked_by_hand():
    # Variances 1 and 4 of 4 trades each: the error is sqrt(1/4 + 4/4).
    now, before = [1.0, 3.0, 2.0, 2.0], [0.0, 4.0, 0.0, 4.0]
    found = compare.means(sums(now), sums(before))
    error = 1.959963984540054 * math.sqrt((2 / 3) / 4 + (16 / 3) / 4)
    assert (found.now, found.before) == (2, 2)
    assert (found.low, found.high) == (pytest.approx(-error), pytest.approx(error))
    assert compare.means(sums(now), sums(before), 4.0).high == pytest.approx(2 * error)


def test_too_few_trades_or_none_that_differ_have_no_difference():
    assert compare.means(sums([1.0]), sums([1.0, 2.0])) is None
    assert compare.means(sums([1.0, 1.0]), sums([2.0, 2.0])) is None


def test_days_widen_by_as_much_as_their_trades_move_together():
    trades = known_worlds.results(np.random.default_rng(1), known_worlds.NOISES[2], 1, 2_000)[0]
    n = np.full(2_000, 8.0)
    found = compare.design_effect(n, trades.sum(axis=1), np.square(trades).sum(axis=1))
    assert found == pytest.approx(1 + 7 * 0.15, rel=0.1)
    assert compare.design_effect(n[:9], n[:9], n[:9]) == 1
    assert compare.design_effect(n, n, n / 8 * 8) == 1  # every trade made the same


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20), st.floats(-10, 10))
def test_a_shift_of_both_sides_moves_nothing(values, shift):
    now, before = np.array(values), np.array(values[::-1]) * 0.5 + 1
    one = compare.means(sums(now), sums(before))
    other = compare.means(sums(now + shift), sums(before + shift))
    if one is not None and one.high - one.low > 1e-3:
        assert other.low == pytest.approx(one.low, abs=1e-4)
        assert other.high == pytest.approx(one.high, abs=1e-4)

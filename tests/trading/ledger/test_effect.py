from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger.effect import effect, mean, t_quantile
from trading.ledger.metrics import Daily


def days(*trades: list[float]) -> Daily:
    """Days given as the results of their trades."""
    return Daily(
        np.array([sum(day) for day in trades], dtype=float),
        np.array([len(day) for day in trades], dtype=np.int64),
    )


def test_the_difference_and_its_error_as_worked_by_hand():
    # Before: sums 2, 0, 4 of 2 trades each: mean 1; without a day 1, 1.5 or 0.5: moves of 0, 0.5
    # and 0.5, so that the variance is 0.5 * 2 / 3. After: sums 3 and 9: mean 3; without a day 4.5
    # or 1.5: 2 * 2.25 * 1 / 2.
    found = effect(days([1, 1], [-1, 1], [2, 2]), days([1, 2], [4, 5]))
    assert (found.before.mean, found.after.mean, found.difference) == (1, 3, 2)
    assert found.before.variance == pytest.approx(1 / 3)
    assert found.after.variance == pytest.approx(9 / 4)
    assert found.error == pytest.approx(math.sqrt(31 / 12))
    freedom = (31 / 12) ** 2 / ((1 / 9) / 2 + (81 / 16) / 1)
    assert found.freedom == pytest.approx(freedom)
    low, high = found.interval(0.95)
    assert (low + high) / 2 == pytest.approx(2)
    assert (high - low) / 2 == pytest.approx(t_quantile(0.975, freedom) * found.error)


def test_days_without_trades_change_nothing():
    assert mean(days([1, 2], [3])) == mean(days([], [1, 2], [], [3], []))


def test_what_cannot_be_known_is_none():
    assert mean(days()) is None and mean(days([], [])) is None
    assert effect(days([1]), days([])) is None
    one_day = effect(days([1, 2, 3]), days([1], [2]))
    assert one_day.difference == pytest.approx(-0.5)
    assert (one_day.error, one_day.freedom, one_day.interval()) == (None, None, None)
    assert one_day.trades_needed() is None
    alike = effect(days([1], [1]), days([2], [2]))
    assert alike.interval() is None, "days that do not differ at all tell nothing of chance"


# From the tables of Student's t, as printed in any textbook.
@pytest.mark.parametrize(
    ("share", "freedom", "value"),
    [
        (0.975, 1, 12.7062047362),
        (0.95, 1, 6.3137515147),
        (0.975, 2, 4.3026527297),
        (0.975, 3, 3.1824463053),
        (0.995, 5, 4.0321429836),
        (0.95, 10, 1.8124611228),
        (0.975, 30, 2.0422724563),
        (0.975, 120, 1.9799304051),
        (0.975, 1e7, 1.9599642217),
        (0.5, 4, 0.0),
        (0.025, 3, -3.1824463053),
    ],
)
def test_quantiles_are_those_of_the_tables(share, freedom, value):
    assert t_quantile(share, freedom) == pytest.approx(value, abs=2e-9, rel=1e-9)


@pytest.mark.parametrize("share", [0.6, 0.9, 0.975, 0.9995])
def test_quantiles_of_one_and_two_degrees_have_their_closed_form(share):
    assert t_quantile(share, 1) == pytest.approx(math.tan(math.pi * (share - 0.5)), rel=1e-9)
    two = 2 * (share - 0.5) * math.sqrt(2 / (4 * share * (1 - share)))
    assert t_quantile(share, 2) == pytest.approx(two, rel=1e-9)


@pytest.mark.parametrize(("share", "freedom"), [(0, 3), (1, 3), (0.5, 0), (math.nan, 3), (2, 3)])
def test_a_share_or_freedom_that_means_nothing_is_refused(share, freedom):
    with pytest.raises(ValueError, match="share"):
        t_quantile(share, freedom)


results = st.lists(st.lists(st.integers(-50, 50), max_size=4), min_size=2, max_size=6)


@given(results, results, st.integers(-20, 20))
def test_a_shift_of_the_later_results_shifts_the_interval_and_nothing_else(one, other, shift):
    plain = effect(days(*one), days(*other))
    moved = effect(days(*one), days(*[[r + shift for r in day] for day in other]))
    if plain is None:
        assert moved is None
        return
    assert moved.difference == pytest.approx(plain.difference + shift, abs=1e-9)
    assert (moved.error is None) == (plain.error is None)
    if plain.error is not None:
        assert moved.error == pytest.approx(plain.error, abs=1e-7)


@given(results, results)
def test_the_other_way_round_the_interval_is_its_mirror_image(one, other):
    there, back = effect(days(*one), days(*other)), effect(days(*other), days(*one))
    if there is None or there.interval() is None:
        return
    low, high = there.interval()
    assert back.interval() == pytest.approx((-high, -low))


def simulated(rng: np.random.Generator, count: int) -> Daily:
    """Days whose trades share what the day brings, and whose number varies."""
    trades = rng.integers(1, 12, count)
    sums = [size * rng.normal(0, 0.5) + rng.normal(0, 1, size).sum() for size in trades]
    return Daily(np.array(sums), trades)


@pytest.mark.parametrize(("before", "after"), [(4, 4), (15, 5), (30, 30)])
def test_intervals_cover_the_truth_as_often_as_they_say(before, after):
    rng = np.random.default_rng(before)
    covered = 0
    for _ in range(600):
        low, high = effect(simulated(rng, before), simulated(rng, after)).interval(0.9)
        covered += low <= 0 <= high
    assert 0.86 <= covered / 600 <= 0.96


def test_as_many_trades_as_were_said_to_be_needed_would_tell():
    rng = random.Random(5)
    before = days(*[[rng.gauss(0, 1) for _ in range(20)] for _ in range(100)])
    after = [[rng.gauss(0.1, 1) for _ in range(10)] for _ in range(8)]
    found = effect(before, days(*after))
    assert found.interval()[0] < 0 < found.difference
    needed = found.trades_needed()
    assert needed > 80
    # The same days again and again: the same mean, until there are so many trades.
    again = effect(before, days(*after * math.ceil(needed / 80 * 1.05)))
    assert again.difference == pytest.approx(found.difference)
    assert again.interval()[0] > 0


def test_where_the_trades_before_are_too_few_no_number_of_trades_is_promised():
    found = effect(days([3, -2], [-3, 1]), days([1, 1.2], [0.9, 1]))
    assert found.difference > 0 and found.trades_needed() is None

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger.metrics import Daily, mean_interval, wilson

Z = 1.959963984540054


def score_interval(wins: int, n: int) -> tuple[float, float]:
    """The rates p that |wins / n - p| <= z sqrt(p (1 - p) / n) holds for: a quadratic in p."""
    rate, a = wins / n, 1 + Z * Z / n
    b = -(2 * rate + Z * Z / n)
    root = math.sqrt(b * b - 4 * a * rate * rate)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_wilson_solves_the_quadratic_of_the_score_test(n, share):
    wins = round(n * share)
    found = wilson(wins, n)
    assert found == pytest.approx(score_interval(wins, n), abs=1e-7)
    assert 0 <= found[0] <= wins / n + 1e-12 and wins / n - 1e-12 <= found[1] <= 1


@pytest.mark.parametrize(
    ("wins", "n", "interval"),
    # As printed for 0 of 10, 5 of 10, 10 of 10 and 81 of 263 in tables of Wilson's interval.
    [
        (0, 10, (0.0, 0.2775)),
        (5, 10, (0.2366, 0.7634)),
        (10, 10, (0.7225, 1.0)),
        (81, 263, (0.2553, 0.3662)),
    ],
)
def test_wilson_gives_the_printed_values(wins, n, interval):
    assert wilson(wins, n) == pytest.approx(interval, abs=5e-5)


def test_a_rate_of_nothing_has_no_interval():
    assert wilson(0, 0) is None


def days(seed: int, size: int, mean: float = 0.2) -> Daily:
    """Days that are independent; the trades of a day move together."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, size)
    drift = rng.normal(mean, 0.5, size)
    totals = [rng.normal(drift[day], 1, counts[day]).sum() for day in range(size)]
    return Daily(np.array(totals), counts)


def test_the_same_days_give_the_same_interval():
    assert mean_interval(days(1, 30)) == mean_interval(days(1, 30))


def test_another_seed_gives_nearly_the_same_interval():
    assert mean_interval(days(1, 60), 1) == pytest.approx(mean_interval(days(1, 60), 2), abs=0.02)


@pytest.mark.parametrize("size", [5, 6, 20, 200])
@pytest.mark.parametrize("seed", range(5))
def test_the_interval_contains_the_mean(seed, size):
    found = days(seed, size)
    low, high = mean_interval(found)
    assert low < found.totals.sum() / found.trades.sum() < high


def test_days_without_trades_do_not_widen_the_interval():
    found = days(3, 20)
    spread = Daily(
        *(np.stack([part, part * 0], 1).ravel() for part in (found.totals, found.trades))
    )
    assert mean_interval(spread) == mean_interval(found)


def test_trades_on_fewer_than_five_days_have_no_interval():
    assert mean_interval(days(1, 4)) is None
    assert mean_interval(Daily(np.ones(9), np.array([9, 9, 9, 9, 0, 0, 0, 0, 0]))) is None
    assert mean_interval(Daily(np.zeros(0), np.zeros(0, np.int64))) is None


def test_the_mean_of_equal_days_is_known_exactly():
    low, high = mean_interval(Daily(np.full(10, 0.6), np.full(10, 3)))
    assert low == pytest.approx(0.2) and high == pytest.approx(0.2)


def coverage(size: int, runs: int) -> float:
    hits = 0
    for seed in range(runs):
        low, high = mean_interval(days(seed, size))
        hits += low <= 0.2 <= high
    return hits / runs


@pytest.mark.parametrize(("size", "runs"), [(10, 900), (30, 600), (60, 300)])
def test_the_interval_covers_the_truth_95_times_in_100(size, runs):
    assert 0.93 <= coverage(size, runs) <= 0.97


@pytest.mark.soak
@pytest.mark.parametrize("size", [8, 10, 15, 20, 40, 80, 160])
def test_the_interval_covers_the_truth_95_times_in_100_in_the_long_run(size):
    assert 0.93 <= coverage(size, 4_000) <= 0.97

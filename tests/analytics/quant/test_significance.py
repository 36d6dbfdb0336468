"""Tails against known values, limits against their promises on simulated worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quant import significance
from benchmarks import known_worlds
from trading.ledger import effect

RNG = np.random.default_rng


def begun(alerts: list[bool], quiet: int = 2) -> int:
    """How many alerts began, one that pauses for less than ``quiet`` days being the same."""
    days = np.flatnonzero(alerts)
    return int((np.diff(days, prepend=-quiet) >= quiet).sum())


@pytest.mark.parametrize(
    ("t", "freedom", "wanted"),
    # Tables of Student's t.
    [
        (-1.812461, 10, 0.05),
        (2.228139, 10, 0.975),
        (-6.313752, 1, 0.05),
        (0.0, 7, 0.5),
        (-3.090232, 1e7, 0.001),
        (2.660283, 60, 0.995),
    ],
)
def test_tails_of_t_are_those_of_the_tables(t, freedom, wanted):
    assert significance.t_below(t, freedom) == pytest.approx(wanted, rel=1e-5)


@given(st.floats(0.1, 50), st.floats(1, 10_000))
def test_tails_of_t_are_those_of_the_ledger_which_has_no_scipy(t, freedom):
    assert effect._t_below(t, freedom) == pytest.approx(significance.t_below(t, freedom), abs=1e-10)


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.01, 0.99))
def test_the_binomial_tail_is_the_sum_of_its_terms(wins, n, rate):
    wanted = sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(min(wins, n) + 1))
    assert significance.binomial_at_most(wins, n, rate) == pytest.approx(wanted, abs=1e-12)


def test_rolling_sums_and_the_worst_of_each_day_worked_by_hand():
    assert significance.rolling(np.arange(5.0), 3)[2:].tolist() == [3, 6, 9]
    assert np.isnan(significance.rolling(np.arange(5.0), 3)[:2]).all()
    values = np.arange(60.0)
    values[30] = -7
    values[:24] = np.nan
    found = significance.worst_of_days(values)
    assert np.isnan(found[0]) and found[1:].tolist() == [-7]


def test_a_value_is_a_surprise_only_as_the_lowest_and_far_out():
    past = RNG(1).normal(0, 1, 100)
    assert significance.below(past, -8.0).beyond(365)
    assert not significance.below(past, float(past.min()) - 0.01).beyond(100_000)
    assert not significance.below(past, float(past.min()) + 0.01).beyond(10)
    assert significance.below(past[:19], -8.0) is None
    assert significance.below(np.ones(50), 0.0) is None


@pytest.mark.parametrize("noise", known_worlds.NOISES, ids=lambda noise: noise.name)
def test_a_day_looked_at_every_hour_is_called_implausible_no_oftener_than_promised(noise):
    """60 runs of 60 days after 90 days of past, a false alarm in 100 days asked for."""
    runs, past, days, between = 60, 90, 60, 100
    trades = known_worlds.results(RNG(2), noise, runs, past + days + 1)
    hours = np.zeros((runs, past + days + 1, 24))
    hours[:, :, ::3] = trades
    alerts = 0
    for run in hours.reshape(runs, -1):
        worst = significance.worst_of_days(significance.rolling(run, 24))[1:]
        alerts += begun(
            [
                significance.below(worst[day - past : day], float(worst[day])).beyond(between)
                for day in range(past, past + days)
            ]
        )
    # Bad days that follow bad days make it half as often again.
    often = 1.5 if noise.memory else 1.25
    assert alerts / (runs * days) <= often / min(past, between)


def test_a_day_without_edge_and_with_three_spreads_more_loss_is_called_implausible():
    trades = known_worlds.results(RNG(3), known_worlds.NOISES[0], 50, 91).sum(axis=2)
    found = [significance.below(run[:90], float(run[90]) - 5 * math.sqrt(8)) for run in trades]
    assert sum(one.beyond(365) for one in found) >= 45


def test_a_ratio_of_the_last_days_worked_by_hand():
    value, weight = np.array([1.0, 3.0] * 10 + [8.0, 8.0]), np.full(22, 4.0)
    found = significance.shifted(value, weight, 2)
    # Before: 40 / 80; a day scatters by 1, and two neighbours cancel. So 12 above 40 / 80 * 8.
    assert (found.now, found.before) == (2.0, 0.5)
    error = math.sqrt(20 / 19 * (2 + 0.1 * 0.1 * 20))
    assert found.as_high == pytest.approx(significance.t_below(-12 / error, 19))
    assert found.as_low == pytest.approx(1 - found.as_high)
    assert significance.shifted(value[3:], weight[3:], 2) is None  # 17 days before are too few
    assert significance.shifted(np.ones(30), np.ones(30), 7) is None


@pytest.mark.parametrize("clustered", [False, True])
def test_counts_of_a_week_are_called_changed_no_oftener_than_promised(clustered):
    """40 runs of 60 looks, weeks after 60 days of past, a false alarm in 50 days asked for."""
    rng, alerts = RNG(4), 0
    for _ in range(40):
        rate = (
            np.exp(known_worlds._remembering(rng.normal(0, 0.3, (1, 127)), 0.3)[0])
            if clustered
            else 1
        )
        counts = rng.poisson(8 * rate * np.ones(127)).astype(float)
        for day in range(67, 127):
            found = significance.shifted(counts[day - 67 : day], np.ones(67), 7)
            alerts += min(found.as_low, found.as_high) <= 0.5 / 50
    assert alerts / (40 * 60) <= 1.4 / 50  # looks of one week share days; days of lookback are few


def test_losing_streaks_pass_their_limit_no_oftener_than_promised():
    rng, alerts = RNG(5), 0
    for _ in range(20):
        lost = rng.random(8 * 400) < 0.55
        past, new = lost[:800], lost[800:]
        limit = significance.streak_limit(
            int(past.sum()), int(past[:-1].sum()), int((past[1:] & past[:-1]).sum()), 800, 8.0, 100
        )
        run = 0
        for loss in new:
            run = run + 1 if loss else 0
            alerts += run == limit
    assert alerts / (20 * 300) <= 1 / 100


def test_a_losing_streak_worked_by_hand():
    # 400 losses of 800, half of those after a loss lost again: at most .541 by chance.
    limit = significance.streak_limit(400, 400, 200, 800, 8.0, 100)
    z2 = significance.LOSS_Z**2
    upper = (0.5 + z2 / 800 + significance.LOSS_Z * math.sqrt(0.25 / 400 + z2 / 640_000)) / (
        1 + z2 / 400
    )
    assert limit == 1 + math.ceil(math.log(8 * 0.25 * 100) / -math.log(upper))
    assert significance.streak_limit(30, 30, 15, 39, 8.0, 100) is None
    assert significance.streak_limit(0, 0, 0, 800, 8.0, 100) is None


def test_silence_is_as_long_as_chance_makes_it_once_in_a_while():
    rng, between = RNG(6), 200
    limit = significance.longest_silence(4.0, between)
    gaps = rng.exponential(0.25, 100_000)
    assert (gaps > limit).sum() / gaps.sum() == pytest.approx(1 / between, rel=0.25)


@pytest.mark.parametrize("noise", known_worlds.NOISES[:3], ids=lambda noise: noise.name)
def test_a_drawdown_passes_its_limit_no_oftener_than_promised(noise):
    """40 runs of 400 days after 180 days of past, once in 400 days asked for."""
    days = known_worlds.results(RNG(7), noise, 40, 580).sum(axis=2)
    alerts = 0
    for at, run in enumerate(days):
        limit = significance.drawdown_limit(run[:180], 90, 400, RNG(at), 100)
        alerts += begun((significance.falls(run[None], 90)[0, 180:] > limit).tolist(), 30)
    assert alerts / 40 <= 1.5  # a past of half a year is itself luck


def test_a_fall_from_the_peak_worked_by_hand():
    days = np.array([[3.0, -1.0, 2.0, -4.0]])
    assert significance.falls(days, 90).tolist() == [[0, 1, 0, 4]]
    assert significance.falls(days, 1).tolist() == [[0, 1, 0, 4]]
    assert significance.falls(np.array([[-2.0, -1.0, -1.0]]), 2).tolist() == [[2, 3, 2]]
    assert significance.drawdown_limit(np.ones(19), 90, 400, RNG(1)) is None
    assert significance.drawdown_limit(np.ones(30), 90, 400, RNG(1)) == 0

"""e-SR on day sums: worked by hand, against a plain loop, and by law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.quant import drift
from analytics.quant.drift import RATES, WEIGHTS
from benchmarks import known_worlds

DAYS = arrays(np.float64, st.integers(1, 60), elements=st.floats(-30, 30))


def plain_scale(deviation: list[float], prior: float) -> list[float]:
    """Every block's scale from the sums of what came before it, weight by weight."""
    keep, found = 0.5 ** (1 / 50), []
    for at in range(len(deviation)):
        weights = [keep ** (at - 1 - before) for before in range(at)]
        squares = sum(w * x * x for w, x in zip(weights, deviation, strict=False))
        old = 20 * keep**at
        found.append(math.sqrt((old * prior**2 + squares) / (old + sum(weights))))
    return found


def plain_e_sr(z: list[float]) -> list[float]:
    """The Shiryaev-Roberts sum as it is defined: over every start, the product from there on."""
    found = []
    for end in range(1, len(z) + 1):
        total = 0.0
        for rate, weight in zip(RATES, WEIGHTS, strict=True):
            for start in range(end):
                total += weight * math.prod(max(0.0, 1 + rate * x) for x in z[start:end])
        found.append(total)
    return found


def test_three_blocks_worked_by_hand():
    # One rate at a time: R = 1 + l; then (1 + R)(1 - 2 l); then (1 + R)(1 + 0).
    z = np.array([1.0, -2.0, 0.0])
    by_rate = []
    for rate in RATES:
        first = 1 + rate
        second = (1 + first) * (1 - 2 * rate)
        by_rate.append([first, second, 1 + second])
    assert drift.e_sr(z) == pytest.approx(WEIGHTS @ np.array(by_rate))
    # .2: 1.2, then 2.2 * .6 = 1.32, then 2.32.
    assert by_rate[3] == pytest.approx([1.2, 1.32, 2.32])


def test_the_weights_are_a_mixture_and_a_day_of_results_as_expected_adds_one():
    assert WEIGHTS.sum() == pytest.approx(1)
    assert drift.e_sr(np.zeros(4)) == pytest.approx([1, 2, 3, 4])


def test_a_block_as_bad_as_ends_every_bet_leaves_nothing():
    # 1 + .03 z is still above 0 at -30: only a result far above the floor ends that bet.
    assert drift.e_sr(np.array([-40.0]))[0] == 0


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(-4, 4)))
def test_it_is_the_sum_over_every_possible_change(z):
    assert drift.e_sr(z) == pytest.approx(plain_e_sr(z.tolist()), rel=1e-9)


@given(DAYS, st.floats(0.1, 20))
def test_a_scale_is_what_came_before_and_a_prior_that_fades(deviation, prior):
    found = drift.predictable_scale(deviation, prior)
    assert found[0] == pytest.approx(prior)
    assert found == pytest.approx(plain_scale(deviation.tolist(), prior))


@given(DAYS, st.integers(1, 60))
def test_a_prefix_of_the_days_gives_a_prefix_of_the_statistic(totals, cut):
    n = np.full(totals.size, 8.0)
    whole = drift.e_sr(drift.shortfall(n, totals, 0.1, 3.0))
    part = drift.e_sr(drift.shortfall(n[:cut], totals[:cut], 0.1, 3.0))
    assert part.tolist() == whole[:cut].tolist()


@given(DAYS, st.integers(0, 59), st.floats(0.01, 10))
def test_a_better_last_day_never_raises_the_evidence(totals, at, more):
    at = min(at, totals.size - 1)
    n, better = np.full(totals.size, 8.0), totals.copy()
    better[-1] += more
    before = drift.e_sr(drift.shortfall(n, totals, 0.1, 3.0))[-1]
    assert drift.e_sr(drift.shortfall(n, better, 0.1, 3.0))[-1] <= before + 1e-9


@given(DAYS, st.floats(0.01, 100))
def test_the_unit_of_results_does_not_matter(totals, factor):
    n = np.full(totals.size, 8.0)
    one = drift.shortfall(n, totals, 0.1, 3.0)
    other = drift.shortfall(n, totals * factor, 0.1 * factor, 3.0 * factor)
    assert other == pytest.approx(one, rel=1e-6, abs=1e-9)


def test_runs_side_by_side_are_the_runs_alone():
    totals = np.random.default_rng(3).normal(0.8, 3, (4, 30))
    n, floors, scales = np.full_like(totals, 8), np.array([0.1, 0.2, 0, 0.05]), np.full(4, 3.0)
    together = drift.e_sr(drift.shortfall(n, totals, floors, scales))
    for at in range(4):
        alone = drift.e_sr(drift.shortfall(n[at], totals[at], floors[at], scales[at]))
        assert together[at] == pytest.approx(alone)


def test_the_baseline_of_twelve_days_worked_by_hand():
    # Ten days of 8 trades that made 1 and two of 4 that made -1: 88 trades, 8 in all.
    n = np.array([8.0] * 10 + [4.0] * 2)
    total = np.array([1.0] * 10 + [-1.0] * 2)
    found = drift.baseline(n, total)
    mean = 8 / 88
    squares = 10 * (1 - 8 * mean) ** 2 + 2 * (-1 - 4 * mean) ** 2
    assert (found.mean, found.block, found.trades, found.days) == (mean, 1, 88, 12)
    assert found.scale == pytest.approx(math.sqrt(squares / 11))
    assert found.se == pytest.approx(math.sqrt(squares * 12 / 11) / 88)


def test_there_is_no_baseline_of_few_days_of_none_or_without_spread():
    assert drift.baseline(np.full(9, 8.0), np.arange(9.0)) is None
    assert drift.baseline(np.zeros(0), np.zeros(0)) is None
    assert drift.baseline(np.full(20, 8.0), np.full(20, 1.0)) is None


@pytest.mark.parametrize(
    ("mean", "se", "wanted"),
    [(0.10, 0.03, 0.07), (0.10, 0.08, 0.05), (0.015, 0.03, 0.01), (-0.2, 0.05, 0.01)],
)
def test_the_floor_is_one_error_below_but_never_below_half_or_a_hundredth(mean, se, wanted):
    assert drift.floor(mean, se) == pytest.approx(wanted)


def test_days_that_depend_on_each_other_are_taken_five_at_a_time():
    rng = np.random.default_rng(5)
    n, calm = np.full(400, 8.0), rng.normal(0, 3, 400)
    assert drift.block_length(n, calm) == 1
    remembering = calm.copy()
    for at in range(1, 400):
        remembering[at] += 0.5 * remembering[at - 1]
    assert drift.block_length(n, remembering) == 5
    assert drift.block_length(n[:19], remembering[:19]) == 1  # too few to tell


def test_five_day_blocks_leave_out_days_that_do_not_fill_one():
    assert drift.in_blocks(np.arange(12.0), 5).tolist() == [10, 35]
    assert drift.in_blocks(np.arange(12.0), 1).tolist() == list(range(12))


def test_the_change_point_is_where_the_sum_to_the_end_is_largest():
    assert drift.change_point(np.array([-1.0, -2.0, 0.5, 1.0, -0.2, 2.0])) == 2


def test_an_alert_opens_at_the_threshold_and_closes_when_the_evidence_is_gone():
    z = np.array([-0.5] * 20 + [2.0] * 12 + [-2.0] * 40)
    (found,), path = drift.episodes(z, 50.0)
    assert path[found.opened] >= 50 > path[found.opened - 1]
    assert found.since == 20 and 20 < found.opened < 32
    assert path[found.closed] < 5 <= path[found.closed - 1] and found.closed > 32
    assert path.max() <= 500


def test_an_alert_that_comes_back_is_another_one_with_its_own_beginning():
    once = [-0.5] * 20 + [2.0] * 12 + [-2.0] * 40
    found, _ = drift.episodes(np.array(once + once), 50.0)
    assert [one.since for one in found] == [20, 92]
    assert found[0].closed < found[1].opened and found[1].closed is not None


@pytest.mark.parametrize("noise", [one for one in known_worlds.NOISES if not one.memory])
def test_false_alarms_are_as_rare_as_asked_for(noise):
    """Mean exactly at the floor, an alert every 60 days asked for: 40 runs of 600 days."""
    sums = known_worlds.results(np.random.default_rng(7), noise, 40, 600).sum(axis=2)
    z = drift.shortfall(np.full_like(sums, 8), sums, known_worlds.EDGE, float(sums.std()))
    alerts = drift.e_sr(z) >= 60
    first = np.where(alerts.any(axis=1), alerts.argmax(axis=1) + 1, 600)
    assert first.sum() / max(1, int(alerts.any(axis=1).sum())) >= 60


def test_a_fall_is_found_within_the_delay_of_the_reference_and_a_half():
    """.10 to -.10 after 100 days, 5 000 trades between false alarms: CUSUM needs about 160."""
    rng, change = np.random.default_rng(8), known_worlds.CHANGES[1]
    sums = known_worlds.results(rng, known_worlds.NOISES[0], 100, 300, change, 100).sum(axis=2)
    z = drift.shortfall(np.full_like(sums, 8), sums, known_worlds.EDGE, math.sqrt(8))
    alerts = drift.e_sr(z) >= 625
    first = np.where(alerts.any(axis=1), alerts.argmax(axis=1), 299)
    assert (first[first >= 100] - 99).mean() * 8 < 1.5 * 165

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks import cusum


def test_the_known_threshold_of_a_tenth_of_a_spread_and_5_000_trades():
    assert cusum.threshold_for(0.1, 5_000) == pytest.approx(32.5, rel=0.005)
    assert cusum.run_length(-0.05, 32.5) == pytest.approx(5_000, rel=0.02)


def test_run_lengths_worked_by_hand():
    # b = 1.166: without drift b^2; with drift -1 (e^(2b) - 2b - 1) / 2.
    assert cusum.run_length(0.0, 0.0) == pytest.approx(1.166**2)
    assert cusum.run_length(-1.0, 0.0) == pytest.approx((math.exp(2.332) - 3.332) / 2)
    assert cusum.run_length(-1.0, 1_000.0) == math.inf
    assert cusum.run_length(1e-8, 5.0) == pytest.approx(cusum.run_length(0.0, 5.0))


@given(st.floats(0.05, 1.0), st.floats(50, 50_000))
def test_the_threshold_has_the_time_between_false_alarms_that_was_asked_for(shift, between):
    threshold = cusum.threshold_for(shift, between)
    assert threshold == 0 or cusum.run_length(-shift / 2, threshold) == pytest.approx(between)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-5, 5)))
def test_the_path_is_the_recursion_step_by_step(results):
    value, plain = 0.0, []
    for result in results:
        value = max(0.0, value + (0.05 - result) / 2)
        plain.append(value)
    assert cusum.path(results, 0.1, 0.0, 2.0) == pytest.approx(plain, abs=1e-9)


def test_alerts_without_a_change_come_as_rarely_as_siegmund_says():
    threshold = cusum.threshold_for(0.5, 200)
    results = np.random.default_rng(1).normal(0.5, 1, (300, 1_500))
    reached = cusum.path(results, 0.5, 0.0) >= threshold
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, 1_500)
    assert first.sum() / reached.any(axis=1).sum() == pytest.approx(200, rel=0.12)

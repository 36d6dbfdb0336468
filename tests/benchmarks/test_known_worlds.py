from __future__ import annotations

import numpy as np
import pytest

from benchmarks import known_worlds


@pytest.mark.parametrize("noise", known_worlds.NOISES, ids=lambda noise: noise.name)
def test_results_have_the_mean_and_the_spread_that_the_world_states(noise):
    found = known_worlds.results(np.random.default_rng(2), noise, 200, 250)
    assert found.shape == (200, 250, known_worlds.PER_DAY)
    assert found.mean() == pytest.approx(known_worlds.EDGE, abs=0.02)
    # A t of 3 degrees has no fourth moment: its sample variance is slow to settle.
    assert found.var() == pytest.approx(1, abs=0.15 if noise.freedom == 3 else 0.05)


def test_trades_of_a_day_share_as_much_as_the_world_states():
    found = known_worlds.results(np.random.default_rng(3), known_worlds.NOISES[2], 200, 250)
    first, second = found[:, :, 0].ravel(), found[:, :, 1].ravel()
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.15, abs=0.03)


def test_the_same_seed_gives_the_same_world():
    one, other = (
        known_worlds.results(np.random.default_rng(4), known_worlds.NOISES[3], 3, 20)
        for _ in range(2)
    )
    assert one.tolist() == other.tolist()


def test_a_change_begins_on_its_day_at_once_or_bit_by_bit():
    gone, turned, decays = known_worlds.CHANGES
    assert known_worlds.means(4, gone, 2) == pytest.approx([0.1, 0.1, 0, 0])
    assert known_worlds.means(3, turned, 1) == pytest.approx([0.1, -0.1, -0.1])
    slowly = known_worlds.means(100, decays, 10)
    assert slowly[[10, 40, 70, 99]] == pytest.approx([0.1, 0.0, -0.1, -0.1])

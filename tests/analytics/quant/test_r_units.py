from __future__ import annotations

import numpy as np
import pytest

from analytics.quant import r_units


def test_the_scale_is_the_spread_of_the_newest_five_hundred_trades():
    before = np.concatenate((np.full(300, 1e6), np.tile([1.0, -1.0], 250)))
    assert r_units.trailing_sd(before) == pytest.approx(np.std([1.0, -1.0] * 250, ddof=1))


def test_too_few_trades_have_no_scale_but_that_of_a_replay():
    few = np.arange(19.0)
    assert r_units.trailing_sd(few) is None
    assert r_units.trailing_sd(few, prior=2.5) == 2.5
    assert r_units.trailing_sd(np.arange(20.0), prior=2.5) != 2.5
    assert r_units.trailing_sd(np.full(30, 0.1)) is None  # equal results have none


def test_risk_is_the_way_to_the_first_stop():
    found = r_units.risk_pct(np.array([100.0, 100.0, 50.0]), np.array([98.0, np.nan, 50.0]))
    assert found[0] == pytest.approx(2) and np.isnan(found[1:]).all()


def test_a_trade_counts_in_its_own_risk_else_in_the_scale_of_its_day():
    r, risk = np.array([3.0, 3.0]), np.array([2.0, np.nan])
    assert r_units.in_units(r, risk, 6.0).tolist() == [1.5, 0.5]
    found = r_units.in_units(r, risk, None)
    assert found[0] == 1.5 and np.isnan(found[1])


def test_each_day_has_the_scale_of_the_trades_before_it():
    before = np.tile([1.0, -1.0], 10)
    day = np.array([5, 5, 7])
    r, risk = np.array([2.0, 4.0, 6.0]), np.array([np.nan, 2.0, np.nan])
    found = r_units.of_days(day, r, risk, before)
    first = np.std(before, ddof=1)
    second = np.std([*before, 2.0, 4.0], ddof=1)
    assert found == pytest.approx([2 / first, 2.0, 6 / second])
    assert np.isnan(r_units.of_days(day, r, risk, before[:0])[[0, 2]]).all()
    assert r_units.of_days(day[:0], r[:0], risk[:0], before).size == 0

"""The new values beside the old ones on the same candles, in numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.quant import counterfactual

DAY = 86_400.0


def paired(new, old, days=3, **more):
    columns = [np.array(one, float).reshape(-1, 2).T for one in (new, old)]
    return counterfactual.paired(
        *columns[0], *columns[1], **{"since": 0.0, "until": days * DAY, **more}
    )


NEW = [(10, 0.5), (DAY + 1, 0.2), (DAY + 2, 0.2), (2 * DAY + 5, -0.1)]
OLD = [(20, 0.1), (DAY + 3, 0.5)]


def test_days_without_trades_count_and_the_interval_is_students_over_days():
    found = paired(NEW, OLD)
    days = np.array([0.4, -0.1, -0.1])
    assert found.effect == pytest.approx(days.mean()) and found.days == 3
    assert (found.new, found.old) == (pytest.approx(0.8 / 3), pytest.approx(0.2))
    reach = 2.919986 * days.std(ddof=1) / 3**0.5  # t of 2 days, 95 %
    assert found.low == pytest.approx(days.mean() - reach, abs=1e-6)
    assert found.high == pytest.approx(days.mean() + reach, abs=1e-6)


def test_the_gap_is_taken_from_each_trade_of_either_side():
    found, plain = paired(NEW, OLD, gap=-0.05), paired(NEW, OLD)
    # Two trades more in three days.
    assert found.effect == pytest.approx(plain.effect - 2 * 0.05 / 3)
    assert (found.new_trades, found.old_trades) == (4, 2)


def test_the_same_trades_differ_by_nothing_and_have_no_interval():
    found = paired(NEW, NEW)
    assert (found.effect, found.low, found.high) == (0.0, None, None)


def test_a_single_day_has_no_interval_and_no_time_no_answer():
    assert paired([(5, 1.0)], [], days=1).low is None
    assert paired([], [], until=0.0) is None

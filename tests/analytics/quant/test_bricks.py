"""The bricks that a strategy drew, against a plain second writing of the rules."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.quant import bricks
from tests.trading.strategies.naive import RenkoAO
from tests.trading.strategies.test_engine import EAGER_BY_KEY, market
from trading.strategies import get

RULES, MINUTE = get("renko_ao"), 60
BARS = market(2_000, seed=3)


def values(**changed) -> dict:
    return RULES.clean(EAGER_BY_KEY["renko_ao"] | changed)


@pytest.mark.parametrize("reversal", [1, 2, 3])
def test_each_brick_is_the_one_that_the_rules_draw(reversal):
    chosen = values(renko_reversal_bricks=reversal)
    columns = [one.tolist() for one in BARS.columns()]
    naive = RenkoAO(
        chosen,
        list(zip(*columns, strict=True)),
        MINUTE,
        intrabar=True,
        fee=0.0,
        half=0.0,
        next_open=False,
    )
    naive.run()
    found = bricks.drawn(RULES, chosen, BARS, MINUTE)
    assert len(found) == len(naive.bricks) > 200
    wanted = np.array([(close - side * size, close) for close, side, size, _ in naive.bricks])
    np.testing.assert_allclose(np.column_stack([found.open, found.close]), wanted, rtol=1e-12)
    assert (np.diff(found.time) >= 0).all() and found.time[-1] <= BARS.time[-1] + MINUTE


def test_a_stretch_has_the_bricks_that_the_whole_has_there():
    whole = bricks.drawn(RULES, values(), BARS, MINUTE)
    part = bricks.drawn(RULES, values(), BARS, MINUTE, first=1_000, portion=7)
    later = whole.time > BARS.time[999] + MINUTE
    assert part.close.tolist() == whole.close[later].tolist()
    assert part.open.tolist() == whole.open[later].tolist()
    assert ((part.time - whole.time[later]) >= 0).all()
    assert (part.time - whole.time[later]).max() < 7 * MINUTE


def test_only_a_strategy_that_counts_bricks_draws_some():
    assert bricks.draws(RULES)
    assert not bricks.draws(get("rsi_bb")) and not bricks.draws(get("breakout"))
    none = bricks.drawn(RULES, values(), BARS.part(0, 5), MINUTE)
    assert len(none) == 0

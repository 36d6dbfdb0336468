"""Replays in stretches: what passes from one to the next is what a bot keeps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.quant import outcome, segments
from analytics.quant.segments import Stretch
from tests.trading.strategies.test_engine import EAGER_BY_KEY, market
from trading.strategies import get
from trading.strategies.engine import tape
from trading.strategies.engine.walk import Fills

MINUTE = 60
BARS = market(6_000, seed=4)
FIRST, LAST = float(BARS.time[0]), float(BARS.time[-1] + MINUTE + 1)
FILLS = Fills(2.0, 0.5, 0.5)


def values(key: str, **changed) -> dict:
    return get(key).clean(EAGER_BY_KEY[key] | {"candle_interval_seconds": MINUTE} | changed)


def parts(key: str, *cuts: float) -> list[Stretch]:
    ends = [FIRST, *cuts, LAST]
    return [Stretch(a, b, values(key)) for a, b in pairwise(ends)]


def whole(key: str):
    return outcome.replayed(get(key), values(key), BARS, MINUTE, FILLS)


@pytest.mark.parametrize("key", ["rsi_bb", "breakout"])
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(300, 5_800), min_size=1, max_size=4, unique=True))
def test_cut_anywhere_the_same_values_make_the_same_trades(key, cuts):
    at = sorted(float(BARS.time[one]) + 30.0 for one in cuts)
    found, of = segments.replayed(get(key), parts(key, *at), BARS, MINUTE, FILLS)
    alone = whole(key)
    rows = alone.rows[alone.rows[:, tape.REASON] >= 0]
    columns = [tape.ENTERED, tape.LEFT, tape.SIDE, tape.RESULT, tape.REASON]
    assert len(rows) > 30
    np.testing.assert_allclose(found.rows[:, columns], rows[:, columns], rtol=0, atol=1e-9)
    assert (found.evaluations, found.signals) == (alone.evaluations, alone.signals)
    assert found.blocked == alone.blocked
    assert of.tolist() == np.searchsorted(at, found.rows[:, tape.ENTERED], "right").tolist()


def test_a_position_is_left_by_the_values_that_entered_it():
    rows = whole("rsi_bb").rows
    held = rows[:, tape.LEFT] - rows[:, tape.ENTERED]
    long = int(held[20:40].argmax()) + 20
    cut = rows[long, tape.ENTERED] + 1
    changed = values("rsi_bb", take_profit_bps=500.0, stop_loss_bps=400.0)
    two = [Stretch(FIRST, cut, values("rsi_bb")), Stretch(cut, LAST, changed)]
    found, of = segments.replayed(get("rsi_bb"), two, BARS, MINUTE, FILLS)
    last = found.rows[of == 0][-1]
    assert last[tape.ENTERED] == rows[long, tape.ENTERED]
    assert last[tape.LEFT] == rows[long, tape.LEFT] > cut
    assert found.rows[of == 1][0, tape.ENTERED] > last[tape.LEFT]


def test_losses_of_one_stretch_pause_the_next():
    row = np.zeros((3, tape.COLUMNS))
    row[:, tape.RESULT] = (1.0, -1.0, -2.0)
    row[:, tape.REASON] = (1, 0, 2)
    row[:, tape.LEFT] = (10.0, 20.0, 30.0)
    assert segments.Carried().after(row) == segments.Carried(30.0, 2, 0b010)


def test_what_is_still_open_where_the_bars_end_is_no_trade():
    rows = whole("rsi_bb").rows
    end = float(rows[30, tape.LEFT]) - 1.0
    bars = BARS.part(0, int(np.searchsorted(BARS.time + MINUTE, end)))
    found, _ = segments.replayed(
        get("rsi_bb"), [Stretch(FIRST, LAST, values("rsi_bb"))], bars, MINUTE, FILLS
    )
    assert len(found.rows) == 30


def test_it_tells_how_far_it_is_by_the_bars_that_were_taken():
    heard: list[float] = []
    segments.replayed(
        get("rsi_bb"), parts("rsi_bb", FIRST + 3_000 * MINUTE), BARS, MINUTE, FILLS, heard.append
    )
    assert heard == [pytest.approx(0.5, abs=0.01), pytest.approx(1.0, abs=0.01)]

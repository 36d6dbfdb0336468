"""Exits of stored trades: by what the bot recorded, else by candles."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import numpy as np
import pytest

from analytics import frames
from analytics.frames import context
from analytics.insights import excursions, exits
from tests.analytics import replays
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY, MONDAY_SECONDS, make_bot
from trading.market import candles
from trading.market.candles import Candles

pytestmark = pytest.mark.django_db
LATE = MONDAY + 400 * DAY
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bot(db):
    return make_bot()


def place(bot):
    (found,) = frames.subjects(bot.pk)
    return found.instance, found.mode


def judge(bot, as_of=LATE):
    found = exits.judge(*place(bot), None, LATE, as_of)
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    return found


def flat(count=600):
    """A price of 100 that reaches 101 and 98 in the fifth minute of each ten."""
    time = MONDAY_SECONDS + 60 * np.arange(count, dtype=np.int64)
    price, peak = np.full(count, 100.0), np.arange(count) % 10 == 4
    return Candles(
        time, price, np.where(peak, 101.0, price), np.where(peak, 98.0, price), price, price
    )


def every_ten_minutes(bot, count=30, **more):
    keep(
        bot,
        [
            closed(
                at,
                MONDAY + (at + 1) * 10 * MINUTE,
                0.5,
                ("take_profit", "stop_loss")[at % 2],
                **more,
            )
            for at in range(count)
        ],
    )


def test_what_the_bot_recorded_is_taken(bot):
    every_ten_minutes(bot, context={"mfe_pct": 1.5, "mae_pct": 0.25, "time_to_mfe_seconds": 90})
    found = judge(bot)
    assert (found.recorded, found.from_candles, found.unknown, found.why) == (30, 0, 0, None)
    assert found.overall.mfe_pct == 1.5 and found.overall.mfe_most_pct == 1.5
    assert found.overall.left_pct == pytest.approx(1.0)
    assert found.overall.edge_captured == pytest.approx(0.5 / 1.5)
    assert found.overall.to_mfe_seconds == 90 and found.overall.hold_seconds == 600
    assert {name: one.trades for name, one in found.reasons.items()} == {
        "stop_loss": 15,
        "take_profit": 15,
    }
    # Both levels lie where every trade had been.
    assert found.targets == (None, 1.5) and found.stops == (None, 0.25)
    both = {(one.target, one.stop): one for one in found.what_ifs}
    assert set(both) == {(None, 0.25), (1.5, None), (1.5, 0.25)}
    assert both[1.5, None].low == both[1.5, None].high == pytest.approx(1.5)
    assert (both[1.5, 0.25].low, both[1.5, 0.25].high) == pytest.approx((-0.25, 1.5))


def test_what_is_missing_is_read_from_candles(bot):
    replays.stored(flat())
    every_ten_minutes(bot)
    found = judge(bot)
    assert (found.recorded, found.from_candles, found.unknown) == (0, 30, 0)
    assert found.overall.mfe_pct == pytest.approx(1.0)
    assert found.overall.pain_pct == pytest.approx(2.0)
    assert found.overall.to_mfe_seconds == 300  # the end of the fifth minute


def test_each_trade_has_its_own_source(bot):
    replays.stored(flat(300))
    keep(
        bot,
        [
            closed(1, MONDAY + 10 * MINUTE, 0.5, context={"mfe_pct": 3.0, "mae_pct": 0.0}),
            closed(2, MONDAY + 20 * MINUTE, 0.5, context={"mfe_pct": 3.0}),
            closed(3, MONDAY + 400 * MINUTE, 0.5),
        ],
    )
    instance, mode = place(bot)
    trades = context.context_trades(instance, mode, None, LATE)
    found = excursions.of(instance, trades, LATE)
    assert found.mfe[:2] == pytest.approx([3.0, 1.0]) and np.isnan(found.mfe[2])
    assert (found.recorded, found.from_candles) == (1, 1)


def test_a_short_trade_on_coarse_candles_has_two_answers(bot):
    series = candles.series_for(None, replays.MARKET, 3_600)
    hours = flat(10)
    candles.store(
        series,
        Candles(
            MONDAY_SECONDS + 3_600 * np.arange(10),
            *(np.full(10, value) for value in (100.0, 101.0, 98.0, 100.0)),
            hours.volume,
        ),
    )
    every_ten_minutes(bot)
    found = judge(bot).overall
    assert (found.mfe_pct, found.mfe_most_pct) == pytest.approx((0.5, 1.0))
    assert (found.left_pct, found.left_most_pct) == pytest.approx((0.0, 0.5), abs=1e-9)
    assert found.edge_captured is None


def test_candles_and_trades_after_the_moment_asked_for_are_not_read(bot):
    replays.stored(flat())
    every_ten_minutes(bot)
    as_of = MONDAY + 105 * MINUTE
    found = judge(bot, as_of)
    assert (found.trades, found.from_candles) == (10, 10)
    short = judge(bot, MONDAY + timedelta(minutes=100, microseconds=1))
    assert short.trades == 10 and short.from_candles == 10


def test_without_either_it_says_what_is_missing(bot):
    every_ten_minutes(bot)
    found = judge(bot)
    assert (found.unknown, found.what_ifs) == (30, ())
    assert "mfe_pct" in found.why and found.overall.avg_pnl_pct == pytest.approx(0.5)
    assert found.overall.mfe_pct is None

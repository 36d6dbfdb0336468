"""Regimes and sessions of trades, and what a market does now."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta

import numpy as np
import pytest

from analytics import frames
from analytics.frames import context, market_bars
from analytics.insights import market_state, regimes
from tests.analytics import replays
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY, MONDAY_SECONDS, make_bot
from trading import clock, performance
from trading.market import candles
from trading.market.candles import Candles
from trading.models import Mode, Trade
from trading.performance.selection import Selection

pytestmark = pytest.mark.django_db
LATE = MONDAY + 400 * DAY
MINUTE = timedelta(minutes=1)
CANDLES = 4_000


@pytest.fixture
def bot(db):
    return make_bot()


def wild(count=CANDLES, seed=2, since=3_000, interval=60, start=MONDAY_SECONDS):
    """Candles that move three times as far from ``since`` on."""
    steps = np.random.default_rng(seed).normal(0, 0.0004, count)
    steps[since:] *= 3
    close = 100 * np.exp(np.cumsum(steps))
    opened = np.append(100.0, close[:-1])
    return Candles(
        start + interval * np.arange(count, dtype=np.int64),
        opened,
        np.maximum(opened, close),
        np.minimum(opened, close),
        close,
        np.full(count, 2.0),
    )


def entered(bot, minutes, strategy="grid_1h", **more):
    """Trades that began so many minutes after Monday's beginning, ten minutes long."""
    keep(
        bot,
        [
            closed(at, MONDAY + (minute + 10) * MINUTE, (-1) ** at * 1.0, **more)
            for at, minute in enumerate(minutes)
        ],
    )


def place(bot):
    (found,) = frames.subjects(bot.pk)
    return found.instance, found.mode


def labels(bot):
    instance, mode = place(bot)
    return regimes.labels(instance, context.context_trades(instance, mode, None, LATE))


def test_a_trade_has_the_regime_of_the_bars_closed_at_its_entry(bot):
    replays.stored(wild())
    entered(bot, [500, 1_500, 2_900, 3_100, 3_400, 4_500])
    found = labels(bot)
    # Too few bars at first; no bars at last. A calm market is high or low by chance.
    assert found.volatility[0] is None and found.volatility[5] is None
    assert found.volatility[1] in ("low", "high")
    assert found.volatility[3:5] == ["high", "high"]
    assert found.source == [None, *["candles"] * 4, None]
    assert not np.isnan(found.adx[:5]).any() and np.isnan(found.adx[5])


def test_candles_after_the_entry_change_no_label(bot):
    series = replays.stored(wild())
    minutes = [1_500 + 100 * at for at in range(20)]
    entered(bot, minutes)
    before = labels(bot)
    # From the bar on in which the last trade began everything is another market.
    later = wild(seed=9, since=0)
    candles.store(series, later.take(slice(minutes[-1], None)))
    after = labels(bot)
    assert after.volatility == before.volatility
    assert after.adx.tolist() == before.adx.tolist()


def test_where_no_candles_are_stored_the_bots_own_volatility_tells(bot):
    trades = [
        closed(
            at,
            MONDAY + at * timedelta(hours=1),
            1.0,
            context={"volatility_bps": (4.0 + at % 3) * (3 if at >= 130 else 1)},
        )
        for at in range(160)
    ]
    keep(bot, trades)
    found = labels(bot)
    assert found.volatility[:99] == [None] * 99
    assert found.volatility[130:] == ["high"] * 30
    assert found.source[140] == "recorded"


def test_without_either_there_is_no_regime_and_still_a_session(bot):
    entered(bot, [10, 8 * 60, 5 * 24 * 60])
    found = labels(bot)
    assert found.volatility == [None] * 3 and found.source == [None] * 3
    assert found.session == ["asia", "europe", "weekend"]


def test_performance_by_session_is_that_of_these_trades(bot):
    entered(bot, [10, 20, 8 * 60, 14 * 60])
    instance, mode = place(bot)
    until = MONDAY + DAY
    found = regimes.performance(instance, mode, MONDAY, until, LATE)
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert {name: one["trades"] for name, one in found.session.items()} == {
        "asia": 2,
        "europe": 1,
        "us": 1,
    }
    assert found.session["asia"]["win_rate"] == 0.5 and found.unlabelled == 4
    assert found.volatility == {} and found.adx == {}
    chosen = Selection(bot=bot, mode=Mode.LIVE, since=MONDAY, until=until)
    with clock.at(LATE):
        by_hour = {group.key: group.metrics for group in performance.measure(chosen, "hour")}
    assert found.session["us"]["profit_factor"] == by_hour["14"]["profit_factor"]
    assert found.session["europe"]["sharpe"] == by_hour["8"]["sharpe"]


def test_trades_after_the_moment_asked_for_do_not_count(bot):
    replays.stored(wild())
    entered(bot, [1_500, 1_600, 3_500])
    instance, mode = place(bot)
    found = regimes.performance(instance, mode, None, LATE, MONDAY + 2_000 * MINUTE)
    assert sum(one["trades"] for one in found.volatility.values()) == 2


def test_bars_are_made_of_finer_candles():
    fine = wild(125)
    found = market_bars.coarser(fine, 3_600)
    assert found.open_time.tolist() == [MONDAY_SECONDS + hour * 3_600 for hour in range(3)]
    assert found.open.tolist() == fine.open[[0, 60, 120]].tolist()
    assert found.close.tolist() == fine.close[[59, 119, 124]].tolist()
    assert found.high[1] == fine.high[60:120].max() and found.low[1] == fine.low[60:120].min()
    assert found.volume.tolist() == [120.0, 120.0, 10.0]
    fine.volume[60:120] = np.nan
    assert np.isnan(market_bars.coarser(fine, 3_600).volume[1])
    assert len(market_bars.coarser(fine.take(slice(0, 0)), 3_600)) == 0


def test_a_bar_that_is_not_over_is_not_there(bot):
    replays.stored(wild(125), bot)
    until = MONDAY_SECONDS + 7_100
    found = market_bars.load(bot, replays.MARKET, 60, 3_600, MONDAY_SECONDS, until)
    assert found.closed.tolist() == [MONDAY_SECONDS + 3_600]
    assert market_bars.intervals(bot, replays.MARKET, 3_600) == [60]


def test_the_best_series_is_the_longest_that_makes_the_bars_asked_for(bot):
    for interval in (60, 900, 7_200):
        replays.stored(wild(20, interval=interval), bot, interval)
    assert market_bars.intervals(bot, replays.MARKET, 3_600) == [900, 60, 7_200]
    assert market_bars.intervals(bot, "other", 3_600) == []


def hourly(first_week, second_week):
    """Two weeks of hours: steps up and down of a size, so that volatility is that size."""
    steps = np.concatenate(
        [size * np.where(np.arange(168) % 2, -1.0, 1.0) for size in (first_week, second_week)]
    )
    close = 100 * np.exp(np.cumsum(steps))
    opened = np.append(100.0, close[:-1])
    return Candles(
        MONDAY_SECONDS + 3_600 * np.arange(336, dtype=np.int64),
        opened,
        np.maximum(opened, close),
        np.minimum(opened, close),
        close,
        np.repeat([3.0, 6.0], 168),
    )


def test_what_a_market_does_now_against_the_week_before(bot):
    entered(bot, [10])
    series = replays.stored(hourly(0.001, 0.002), bot, 3_600)
    (found,) = market_state.markets(place(bot)[0], MONDAY + 14 * DAY)
    json.dumps(dataclasses.asdict(found), allow_nan=False)
    assert (found.market, found.interval) == (replays.MARKET, 3_600)
    assert (found.covered, found.covered_before) == (1.0, 1.0)
    assert found.volatility_bps == pytest.approx(20) and found.volatility_ratio == pytest.approx(2)
    assert found.volatility_bps_before == pytest.approx(10)
    assert found.volume == pytest.approx(6 * 24) and found.volume_ratio == pytest.approx(2)
    assert found.trend_pct == pytest.approx(0, abs=0.01)
    # 1 000 hours are needed for a regime.
    assert found.regime is None and found.high_share is None
    assert found.newest_at == "2025-03-17T00:00:00.000000Z"
    # Half of the last week is still to come.
    candles.store(series, hourly(0.001, 0.002))
    (early,) = market_state.markets(place(bot)[0], MONDAY + 7 * DAY)
    assert (early.covered, early.covered_before) == (1.0, 0.0)
    assert early.volatility_ratio is None and early.trend_pct_before is None


def test_a_market_without_candles_of_late_is_left_out(bot):
    entered(bot, [10])
    assert market_state.markets(place(bot)[0], MONDAY + DAY) == []
    replays.stored(hourly(0.001, 0.001), bot, 3_600)
    assert market_state.markets(place(bot)[0], MONDAY + 30 * DAY) == []
    assert market_state.markets(place(bot)[0], MONDAY + 3 * DAY, ["nothing"]) == []


def test_the_page_of_a_trade_says_what_the_market_was_like_at_its_entry(admin_client):
    bot = make_bot()
    replays.stored()
    entered = MONDAY + timedelta(days=1, hours=10)
    keep(bot, [closed(1, entered, 1.0, market=replays.MARKET)])
    row = Trade.objects.get()
    page = admin_client.get(f"/admin/trading/trade/{row.pk}/change/").content.decode()
    assert "Market regime at entry" in page and "Europe" in page
    volatility = re.search(r"Volatility<.*?(Low|High)<", page, re.S)
    assert volatility is not None

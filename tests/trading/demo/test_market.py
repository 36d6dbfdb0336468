from itertools import pairwise

import numpy as np
import pytest

from trading.demo import breakout, market, renko_ao, rsi_bb, story
from trading.demo.market import DAY
from trading.demo.trades import SIGNAL, ValueSet
from trading.strategies import get

TODAY = 20_779
RULES = {rule.KEY: rule for rule in (rsi_bb, renko_ao, breakout)}


def sets(strategy: str) -> list[ValueSet]:
    return [ValueSet(0, 1, get(strategy).defaults())]


def month(strategy: str) -> list:
    return [
        done
        for name in story.TRADED[strategy]
        for day in range(TODAY - 10, TODAY)
        for done in RULES[strategy].run(name, day, sets(strategy)).trades
    ]


def test_a_day_is_the_same_however_often_it_is_drawn():
    first = market.ticks("DEMO-BTC", TODAY)
    market.ticks.cache_clear()
    market._slow.cache_clear()
    again = market.ticks("DEMO-BTC", TODAY)
    assert np.array_equal(first.price, again.price)
    assert np.array_equal(first.volume, again.volume)


def test_a_day_begins_where_the_one_before_ended():
    for name, described in market.MARKETS.items():
        before, after = market.ticks(name, TODAY - 1), market.ticks(name, TODAY)
        assert before.price[-1] == pytest.approx(after.opening, abs=10.0**-described.decimals)


def test_candles_in_pieces_are_the_candles_of_the_whole():
    start = TODAY * DAY - 3_600
    whole = market.candles("DEMO-ETH", 60, start, start + 7_200)
    starts = range(start, start + 7_200, 600)
    pieces = [market.candles("DEMO-ETH", 60, at, at + 600) for at in starts]
    assert np.array_equal(whole, np.vstack(pieces))
    assert (whole[:, 2] >= whole[:, [1, 4]].max(axis=1)).all()
    assert (whole[:, 3] <= whole[:, [1, 4]].min(axis=1)).all()
    assert np.array_equal(whole[1:, 1], whole[:-1, 4])


def test_returns_have_fat_tails_and_regimes():
    close = np.concatenate(
        [
            market.candles("DEMO-BTC", 300, day * DAY, (day + 1) * DAY)[:, 4]
            for day in range(TODAY - 20, TODAY)
        ]
    )
    moves = np.diff(np.log(close))
    kurtosis = ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2
    assert kurtosis > 3.5
    spread = moves[: 72 * 79].reshape(-1, 72).std(axis=1)
    assert spread.max() > 2 * spread.min()


@pytest.mark.parametrize("strategy", RULES)
def test_trades_look_like_the_strategys(strategy):
    declared, done = get(strategy), month(strategy)
    assert len(done) > 50
    assert {one.reason for one in done} <= set(declared.exit_reasons)
    assert len({one.reason for one in done}) >= 4
    assert max(one.exit_at - one.plan.at for one in done) <= 3_600 + 5
    results = np.array([one.record()["pnl_pct"] for one in done])
    assert 0.2 < (results > 0).mean() < 0.65
    named = {feature.name for feature in declared.features}
    assert named <= done[0].record()["context"].keys()


@pytest.mark.parametrize("strategy", RULES)
def test_one_position_at_a_time_and_prices_that_the_candles_hold(strategy):
    name = story.TRADED[strategy][0]
    done = RULES[strategy].run(name, TODAY, sets(strategy)).trades
    for before, after in pairwise(done):
        assert before.exit_at < after.plan.at
    for one in done:
        for at, price in ((one.plan.at, one.entry), (one.exit_at, one.exit)):
            row = market.candles(name, 60, at - 60, at + 60)
            assert row[:, 3].min() <= price <= row[:, 2].max()


@pytest.mark.parametrize("strategy", RULES)
def test_the_funnel_names_the_declared_filters(strategy):
    day = RULES[strategy].run(story.TRADED[strategy][0], TODAY, sets(strategy))
    names = {name for counts in day.funnel.values() for name in counts}
    assert names <= {*get(strategy).filters, SIGNAL}
    assert sum(counts[SIGNAL] for counts in day.funnel.values()) == len(day.trades)


def test_a_change_of_parameters_leaves_what_was_before_it_alone():
    noon = TODAY * DAY + 43_200
    for strategy, rule in RULES.items():
        name = story.TRADED[strategy][0]
        wider = {**get(strategy).defaults(), "max_losing_streak": 1, "exit_cooldown_seconds": 600}
        before = rule.run(name, TODAY, sets(strategy)).trades
        after = rule.run(name, TODAY, [*sets(strategy), ValueSet(noon, 2, wider)]).trades
        assert [one.record() for one in before if one.plan.at < noon] == [
            one.record() for one in after if one.plan.at < noon
        ]
        assert {one.version for one in after if one.plan.at >= noon} == {2}


def test_bricks_in_pieces_are_the_bricks_of_the_whole():
    values, start = get("renko_ao").defaults(), TODAY * DAY
    whole = renko_ao.bricks("DEMO-ETH", None, start, start + 14_400, values)
    first = renko_ao.bricks("DEMO-ETH", None, start, start + 7_200, values)
    rest = renko_ao.bricks("DEMO-ETH", first[-1], first[-1]["close_time"], start + 14_400, values)
    assert [*first, *rest] == whole
    assert [brick["sequence"] for brick in whole] == list(range(len(whole)))

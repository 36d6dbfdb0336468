from itertools import pairwise

import numpy as np
import pytest

from trading.demo import decisions, market, paper, story
from trading.demo.market import DAY
from trading.demo.paper import RESTART, STEP, ValueSet
from trading.strategies import get
from trading.strategies.engine.walk import Bars, Walk

START = 20_778 // 6 * RESTART
END = START + RESTART


def first_values(strategy: str) -> dict:
    values = next(values for key, _, values, _ in decisions.CHANGES if key == strategy)
    return get(strategy).clean({**get(strategy).defaults(), **values})


def sets(strategy: str, *later: ValueSet) -> tuple[ValueSet, ...]:
    return (ValueSet(0, 1, first_values(strategy)), *later)


def traded(strategy: str, until: int = END, name: str = "") -> paper.Session:
    name = name or story.TRADED[strategy][0]
    return paper.session(strategy, name, START, END, until, sets(strategy))


@pytest.mark.parametrize("strategy", story.TRADED)
def test_trades_are_those_of_the_strategys_own_rules(strategy):
    done = traded(strategy).trades
    rows = market.candles(story.TRADED[strategy][0], STEP, START - paper.WARM * STEP, END)
    walk = Walk(get(strategy), first_values(strategy), STEP, paper.FILLS, plain=True)
    bars = Bars(*np.ascontiguousarray(rows.T))
    walk.take(bars.part(0, paper.WARM))
    walk.go_on(-np.inf, 0, 0)
    expected = walk.take(bars.part(paper.WARM, len(bars))).tolist()
    known = len(get(strategy).features)
    assert len(done) > 10
    for trade, row in zip(done, expected, strict=False):
        # Bars are counted from where a walk begins; everything else is the same to the bit.
        assert trade.row[2 : len(row) - known] == row[2 : len(row) - known]


@pytest.mark.parametrize("strategy", story.TRADED)
def test_records_hold_what_the_strategy_declares(strategy):
    declared, done = get(strategy), traded(strategy).trades
    assert {trade.reason for trade in done} <= set(declared.exit_reasons)
    assert len({trade.reason for trade in done}) >= 3
    results = np.array([trade.record()["pnl_pct"] for trade in done])
    assert 0.1 < (results > 0).mean() < 0.8
    named = {feature.name for feature in declared.features}
    assert named <= done[0].record()["context"].keys()


@pytest.mark.parametrize("strategy", story.TRADED)
def test_one_position_at_a_time_and_prices_that_the_candles_hold(strategy):
    name = story.TRADED[strategy][0]
    done = traded(strategy).trades
    for before, after in pairwise(done):
        assert before.left < after.entered
    for trade in done:
        record = trade.record()
        for at, price in (
            (trade.entered, record["entry_price"]),
            (trade.left, record["exit_price"]),
        ):
            candle = market.candles(name, STEP, at - STEP, at)[0]
            assert candle[3] <= price <= candle[2]


@pytest.mark.parametrize("strategy", story.TRADED)
def test_a_session_in_pieces_is_the_session_of_the_whole(strategy):
    whole = traded(strategy)
    for until in (START + DAY, START + 2 * DAY + 7 * STEP):
        part = traded(strategy, until)
        assert part.trades == [trade for trade in whole.trades if trade.left <= until]
        assert part.bricks == [brick for brick in whole.bricks if brick["close_time"] <= until]
        if part.position:
            entered = {trade.entered for trade in whole.trades}
            assert part.position["entry_time"] in entered


@pytest.mark.parametrize("strategy", story.TRADED)
def test_the_funnel_names_the_declared_filters_and_adds_up(strategy):
    session = traded(strategy)
    total = sum(session.funnel.values(), start=paper.Counter())
    assert set(total) <= {*get(strategy).filters, "evaluations", "signals"}
    blocked = sum(total[name] for name in get(strategy).filters)
    assert total["evaluations"] == blocked + total["signals"]
    assert total["signals"] == len(session.trades)


def test_a_change_of_parameters_leaves_what_was_before_it_alone():
    noon = START + 2 * DAY + 43_200
    for strategy, names in story.TRADED.items():
        other = {**first_values(strategy), "max_losing_streak": 1, "exit_cooldown_seconds": 600}
        before = traded(strategy).trades
        changed = sets(strategy, ValueSet(noon, 2, other))
        after = paper.session(strategy, names[0], START, END, END, changed).trades
        early = [trade.record() for trade in before if trade.entered < noon]
        assert early == [trade.record() for trade in after if trade.entered < noon]
        assert {trade.version for trade in after if trade.entered >= noon} == {2}


def test_nothing_is_open_at_a_restart():
    for strategy in story.TRADED:
        session = traded(strategy)
        assert session.position is None
        assert max(trade.left for trade in session.trades) <= END


def test_bricks_follow_each_other_in_time_and_price():
    bricks = traded("renko_ao").bricks
    assert len(bricks) > 50
    for before, after in pairwise(bricks):
        assert before["close_time"] == after["open_time"] <= after["close_time"]
        assert after["size"] > 0 and after["low"] < after["high"]
        if before["direction"] == after["direction"]:
            assert after["open"] == pytest.approx(before["close"], abs=1e-6)

"""Replays of stored candles: what is kept of them, and that they can be repeated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import JobRun, Run, RunTrades
from analytics.quant.outcome import Costs
from analytics.research import backtest, bars, run_store
from tests.analytics.history import keep
from tests.analytics.replays import EAGER, MARKET, MINUTE, stored, walk
from tests.trading.story import MONDAY, make_bot, trade
from trading.market import candles
from trading.models import EvaluationCount, Market, Trade
from trading.parameters import instance_for
from trading.strategies.base import InvalidValues

pytestmark = pytest.mark.django_db


def prepared(**changes) -> Run:
    asked = {"strategy": "rsi_bb", "market": MARKET, "interval": MINUTE, "values": EAGER}
    return backtest.prepare(**{**asked, "costs": Costs(2.0, 1.0, 0.5), **changes})


def done(run: Run) -> Run:
    run_store.finish(run, backtest.backtest(run))
    return Run.objects.get(pk=run.pk)


def test_a_replay_keeps_its_trades_apart_from_those_of_the_bot():
    stored()
    run = done(prepared())
    assert run.metrics["trades"] == len(run_store.trades(run)) > 20
    assert run.state == "done" and run.bars == 3_000
    assert Trade.objects.count() == 0


def test_a_replay_is_repeated_to_the_bit_from_its_own_record():
    stored()
    first = done(prepared())
    second = done(backtest.again(Run.objects.get(pk=first.pk)))
    blocks = [bytes(each.trades) for each in RunTrades.objects.order_by("run")]
    curves = [bytes(each.equity) for each in RunTrades.objects.order_by("run")]
    assert blocks[0] == blocks[1] and curves[0] == curves[1] and len(blocks[0]) > 500
    assert (first.data_hash, first.code_version) == (second.data_hash, second.code_version)
    assert (first.metrics, first.funnel) == (second.metrics, second.funnel)
    assert backtest.changes(first) == []


def test_it_says_when_candles_or_rules_changed_since():
    series = stored()
    run = done(prepared())
    found = walk()
    found.close[100] = found.open[100]
    candles.store(series, found)
    assert backtest.changes(run) == ["the candles of its range have changed since"]
    run.code_version = "of another day"
    assert "the rules of the strategy have changed since" in backtest.changes(run)
    series.delete()
    assert backtest.changes(run)[0] == "the candles of its range are stored no more"


def test_a_later_candle_beyond_its_range_changes_nothing():
    series = stored(walk(3_000))
    run = done(prepared(until=MONDAY + timedelta(minutes=2_000)))
    assert run.bars == 2_000
    candles.store(series, walk(3_500, seed=1).take(slice(2_000, None)))
    assert backtest.changes(run) == []


def test_the_bots_own_candles_come_before_the_shared_ones():
    bot = make_bot()
    stored(walk(200, seed=1))
    assert not bars.load(bot, MARKET, MINUTE, None, None).own
    stored(walk(300, seed=2), bot)
    assert len(bars.load(bot, MARKET, MINUTE, None, None).candles) == 300
    assert len(bars.load(None, MARKET, MINUTE, None, None).candles) == 200


def test_every_count_of_the_bot_in_the_time_is_in_its_funnel():
    instance = instance_for(make_bot(), "rsi_bb")
    market = Market.objects.create(name=MARKET)
    EvaluationCount.objects.bulk_create(
        EvaluationCount(
            instance=instance,
            market=market,
            from_at=MONDAY + timedelta(minutes=minute),
            to_at=MONDAY + timedelta(minutes=minute + 1),
            evaluations=3,
            signals=1,
            blocked={"rsi": 2},
        )
        for minute in range(4_320)
    )
    found = backtest.counted(instance.pk, MONDAY, MONDAY + timedelta(days=3), MARKET)
    assert found == {"evaluations": 12_960, "signals": 4_320, "blocked": {"rsi": 8_640}}


def test_candles_that_a_bot_has_for_itself_are_pointed_to():
    stored(walk(100), make_bot("alpha"))
    pointed = "the bot alpha has some: replay them with --bot alpha, or import them"
    with pytest.raises(bars.NoBars, match="no candles for all bots are stored yet; " + pointed):
        bars.load(None, MARKET, MINUTE, None, None)


def test_what_is_not_stored_is_named_with_the_command_that_brings_it():
    command = "python3 manage.py import_candles FILE --market BTC-PERP --interval 60"
    with pytest.raises(bars.NoBars, match="no candles are stored yet; import them: " + command):
        bars.load(None, MARKET, MINUTE, None, None)
    stored(walk(100))
    with pytest.raises(bars.NoBars, match=r"no candles of ETH are stored \(there are BTC-PERP\)"):
        bars.load(None, "ETH", MINUTE, None, None)
    with pytest.raises(bars.NoBars, match="replay the finer ones with --interval 60"):
        bars.load(None, MARKET, 300, None, None)
    with pytest.raises(bars.NoBars, match="none in the range asked for"):
        bars.load(
            None, MARKET, MINUTE, datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
        )
    early = bars.load(None, MARKET, MINUTE, MONDAY - timedelta(hours=1), None)
    assert early.remarks == (
        f"no candles from 2025-03-02 23:00 to 2025-03-03 00:00 UTC; import them: {command}",
    )


def test_costs_are_those_of_the_bots_own_trades_where_they_say_enough():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    assert backtest.cost_model(instance, MARKET) == (
        backtest.USUAL,
        "assumed: no trades of the bot say what it pays",
    )
    # Bought for 100 and sold for 100, a fee of 0.06 in all: 3 bps of each side.
    paid = [
        trade(
            id=f"t-{number}",
            entry_price=100,
            exit_price=100,
            size=1,
            fee=0.06,
            exit_time=trade().exit_time + number,
        )
        for number in range(12)
    ]
    keep(bot, paid[:9])
    assert backtest.cost_model(instance, MARKET)[0] == backtest.USUAL
    keep(bot, paid[9:])
    costs, source = backtest.cost_model(instance, MARKET)
    assert costs.fee_bps == pytest.approx(3.0) and "newest 12 trades" in source
    assert backtest.cost_model(instance, "ETH")[0] == backtest.USUAL


def test_values_are_judged_by_the_strategy(monkeypatch):
    with pytest.raises(InvalidValues, match="did you mean rsi_period"):
        prepared(values={"rsi_perod": 3})
    without = replace(backtest.strategies.get("rsi_bb"), trading=None)
    monkeypatch.setattr(backtest.strategies, "get", lambda name: without)
    with pytest.raises(backtest.NotReplayable, match="no rules that can be replayed"):
        prepared()


def test_the_worker_does_what_was_asked_and_says_how_it_ended(work):
    stored()
    run = backtest.submit(prepared())
    assert run.state == "queued"
    assert work("long") == ["ok"]
    run.refresh_from_db()
    assert (run.state, run.progress) == ("done", 1.0)
    assert run.metrics["trades"] == len(run_store.trades(run)) > 20
    same = done(backtest.again(run))
    assert (same.metrics, same.funnel) == (run.metrics, run.funnel)


def test_a_replay_that_cannot_be_done_says_why(work):
    run = backtest.submit(prepared())
    assert work("long") == ["ok"]
    run.refresh_from_db()
    assert run.state == "failed" and "no candles are stored yet" in run.error
    assert run_store.trades(run) == [] and run.metrics is None


def test_a_replay_whose_worker_died_each_time_is_over():
    run = backtest.submit(prepared())
    backtest.settle(run)
    assert run.state == "queued"
    JobRun.objects.filter(job=backtest.JOB).update(state=JobRun.State.DEAD)
    backtest.settle(run)
    assert run.state == "failed" and "given up" in run.error


def test_a_replay_that_is_over_is_not_done_again(work):
    stored()
    run = done(prepared())
    assert backtest.work(as_of=MONDAY, run=run.pk) == {"run": run.pk, "done": False}
    assert backtest.work(as_of=MONDAY, run=10**9) == {"run": 10**9, "done": False}


def test_along_a_parameter_each_value_has_the_result_of_its_own_replay():
    stored()
    run = prepared(kind="sensitivity", options={"parameter": "take_profit_bps"})
    told = backtest.backtest(run).summary["points"]
    assert [one[0] for one in told] == sorted(one[0] for one in told)
    assert 30.0 in [one[0] for one in told]
    for value, trades, total, fall, signals in told[::6]:
        alone = backtest.backtest(prepared(values={**EAGER, "take_profit_bps": value}))
        assert (alone.metrics["trades"], alone.funnel["signals"]) == (trades, signals)
        assert (alone.metrics["total_pnl_pct"], alone.metrics["max_drawdown_pct"]) == (total, fall)

"""Replays for the pictures: candles of a month, what is live beside other values, one parameter."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sample_data import NOW

from analytics.models import Run
from analytics.quant.outcome import Costs
from analytics.research import backtest, counterfactual, fidelity, run_store, what_if
from trading import ingest
from trading.ingest.trade_schema import TradeIn
from trading.market import candles
from trading.models import Bot
from trading.parameters import instance_for, promote
from trading.strategies import get

MARKET, MINUTE, COUNT = "BTC/USDT", 60, 30 * 1_440
# On candles of a minute the defaults, which are made for 15 s, hardly trade.
LIVE = {
    "candle_interval_seconds": 60,
    "vol_max_bps": 500.0,
    "rsi_momentum_strength": 4.0,
    "bb_low_zone_min": -1.0,
    "bb_low_zone_max": 0.4,
    "bb_high_zone_min": 0.5,
    "bb_high_zone_max": 2.0,
    "take_profit_bps": 30.0,
    "stop_loss_bps": 20.0,
    "max_hold_minutes": 240.0,
    "volume_multiplier": 0.8,
}


def replays(bot) -> dict[str, Run]:
    """Store candles and replay them; the same seed gives the same numbers."""
    _candles()
    instance = bot.instances.get(strategy="rsi_bb")
    live = _done(instance, LIVE, "rsi_bb: version 5, live")
    tried = _done(instance, {**LIVE, "take_profit_bps": 75.0}, "rsi_bb: values tried")
    other = _done(instance, {**LIVE, "rsi_momentum_strength": 12.0}, "Fewer entries")
    along = _done(
        instance,
        {**LIVE, "take_profit_bps": 75.0},
        "rsi_bb on BTC/USDT: along take_profit_bps",
        kind=Run.Kind.SENSITIVITY,
        options={"parameter": "take_profit_bps"},
    )
    return {"live": live, "tried": tried, "other": other, "along": along}


def beside(user) -> dict[str, Run]:
    """A second bot whose trades on these candles are nearly those of the replay, and whose values
    were changed half way: the comparison, the shadow of the change, and the change's strategy."""
    bot = Bot.objects.create(name="Runner")
    instance = instance_for(bot, "rsi_bb")
    start, half = NOW - timedelta(days=29), NOW - timedelta(days=14)
    after = {**LIVE, "take_profit_bps": 60.0}
    for values, since, reason in (
        (LIVE, start, "Made for candles of a minute"),
        (after, half, "Let winners run"),
    ):
        made = promote(
            instance=instance,
            values=values,
            reason=reason,
            origin="admin",
            author=user,
            live_from=since,
        )
    _traded(bot, LIVE, start, half, 1)
    _traded(bot, after, half + timedelta(hours=5), NOW, 2)
    compared = fidelity.prepare(instance)
    run_store.finish(compared, fidelity.compare(compared))
    shaded = counterfactual.prepare(instance, made.version)
    run_store.finish(shaded, counterfactual.compare(shaded))
    idle = backtest.prepare(
        strategy="renko_ao",
        market=MARKET,
        interval=MINUTE,
        bot=bot,
        values={"min_divergence_strength": 0.5, "brick_min_bps": 0.5},
        since=start,
        until=NOW,
        label="renko_ao with a threshold of 0.5",
    )
    run_store.finish(idle, backtest.backtest(idle))
    return {"compared": compared, "shadow": shaded, "idle": idle}


def _traded(bot, values, since, until, seed: int) -> None:
    """The trades of a replay a little late, a little dearer, and some never made."""
    rng = np.random.default_rng(seed)
    run = backtest.prepare(
        strategy="rsi_bb",
        market=MARKET,
        interval=MINUTE,
        values=values,
        costs=Costs(fee_bps=2.0),
        since=since,
        until=until,
    )
    found = []
    for number, one in enumerate(backtest.backtest(run).trades):
        if one["exit_reason"] == "end_of_data" or rng.random() < 0.04:
            continue
        side = 1 if one["side"] == "long" else -1
        entry = round(one["entry_price"] * (1 + side * rng.normal(0.9, 0.7) / 10_000), 2)
        out = round(one["exit_price"] * (1 - side * rng.normal(0.9, 0.7) / 10_000), 2)
        late = float(rng.exponential(1.5))
        found.append(
            TradeIn(
                external_id=f"runner-{seed}-{number}",
                strategy="rsi_bb",
                market=MARKET,
                side=one["side"],
                entry_price=entry,
                exit_price=out,
                size=0.05,
                currency="USDT",
                entry_time=one["entry_at"] + late,
                exit_time=one["exit_at"] + late,
                exit_reason=one["exit_reason"] if rng.random() > 0.015 else "time_stop",
                fee=round((entry + out) * 0.05 * 0.0002, 6),
            )
        )
    for at in range(0, len(found), 1_000):
        ingest.store_trades(bot, found[at : at + 1_000])


def _candles() -> None:
    """A market whose moves last, so that trading with them can pay."""
    rng = np.random.default_rng(11)
    drift = np.repeat(rng.normal(0, 0.00005, COUNT // 180 + 1), 180)[:COUNT]
    close = 60_000 * np.exp(np.cumsum(drift + rng.normal(0, 0.0003, COUNT)))
    opened = np.concatenate([close[:1], close[:-1]])
    reach = 1 + np.abs(rng.normal(0, 0.00012, (2, COUNT)))
    end = int(NOW.timestamp()) // MINUTE * MINUTE
    found = candles.Candles(
        end - MINUTE * np.arange(COUNT, dtype=np.int64)[::-1],
        opened,
        np.maximum(opened, close) * reach[0],
        np.minimum(opened, close) / reach[1],
        close,
        rng.uniform(5, 50, COUNT),
    )
    candles.store(candles.series_for(None, MARKET, MINUTE), found)


def _done(instance, values, label: str, **fields) -> Run:
    run = backtest.prepare(
        strategy="rsi_bb",
        market=MARKET,
        interval=MINUTE,
        values=get("rsi_bb").clean(values),
        bot=instance.bot,
        instance=instance,
        label=label,
        since=NOW - timedelta(days=what_if.DAYS),
        until=NOW,
        **{"kind": Run.Kind.WHATIF, **fields},
    )
    run_store.finish(run, backtest.backtest(run))
    return run

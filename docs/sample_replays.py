"""Replays for the pictures: candles of a month, what is live beside other values, one parameter."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sample_data import NOW

from analytics import lab, runs, whatif
from analytics.models import Run
from trading import candles
from trading.strategies import get

MARKET, MINUTE, COUNT = "BTC/USDT", 60, 30 * 1_440
# On candles of a minute the defaults, which are made for 15 s, hardly trade.
LIVE = {
    "candle_interval_seconds": 60, "vol_max_bps": 500.0, "rsi_momentum_strength": 4.0,
    "bb_low_zone_min": -1.0, "bb_low_zone_max": 0.4, "bb_high_zone_min": 0.5,
    "bb_high_zone_max": 2.0, "take_profit_bps": 30.0, "stop_loss_bps": 20.0,
    "max_hold_minutes": 240.0, "volume_multiplier": 0.8,
}  # fmt: skip


def replays(bot) -> dict[str, Run]:
    """Store candles and replay them; the same seed gives the same numbers."""
    _candles()
    instance = bot.instances.get(strategy="rsi_bb")
    live = _done(instance, LIVE, "rsi_bb: version 5, live")
    tried = _done(instance, {**LIVE, "take_profit_bps": 75.0}, "rsi_bb: values tried")
    other = _done(instance, {**LIVE, "rsi_momentum_strength": 12.0}, "Fewer entries")
    along = _done(
        instance, {**LIVE, "take_profit_bps": 75.0}, "rsi_bb on BTC/USDT: along take_profit_bps",
        kind=Run.Kind.SENSITIVITY, options={"parameter": "take_profit_bps"},
    )  # fmt: skip
    return {"live": live, "tried": tried, "other": other, "along": along}


def _candles() -> None:
    """A market whose moves last, so that trading with them can pay."""
    rng = np.random.default_rng(11)
    drift = np.repeat(rng.normal(0, 0.00005, COUNT // 180 + 1), 180)[:COUNT]
    close = 60_000 * np.exp(np.cumsum(drift + rng.normal(0, 0.0003, COUNT)))
    opened = np.concatenate([close[:1], close[:-1]])
    reach = 1 + np.abs(rng.normal(0, 0.00012, (2, COUNT)))
    end = int(NOW.timestamp()) // MINUTE * MINUTE
    found = candles.Candles(
        end - MINUTE * np.arange(COUNT, dtype=np.int64)[::-1], opened,
        np.maximum(opened, close) * reach[0], np.minimum(opened, close) / reach[1], close,
        rng.uniform(5, 50, COUNT),
    )  # fmt: skip
    candles.store(candles.series_for(None, MARKET, MINUTE), found)


def _done(instance, values, label: str, **fields) -> Run:
    run = lab.prepare(
        strategy="rsi_bb", market=MARKET, interval=MINUTE, values=get("rsi_bb").clean(values),
        bot=instance.bot, instance=instance, label=label,
        since=NOW - timedelta(days=whatif.DAYS), until=NOW, **{"kind": Run.Kind.WHATIF, **fields},
    )  # fmt: skip
    runs.finish(run, lab.backtest(run))
    return run

"""Candles on which rsi_bb trades, with values that let it."""

from __future__ import annotations

import numpy as np

from tests.trading.story import MONDAY_SECONDS
from trading.market import candles
from trading.market.candles import Candles
from trading.models import Bot, CandleSeries

MARKET, MINUTE = "BTC-PERP", 60
EAGER = {
    "candle_interval_seconds": 60,
    "vol_min_bps": 0.0,
    "vol_max_bps": 5_000.0,
    "rsi_momentum_strength": 2.0,
    "bb_low_zone_min": -1.0,
    "bb_low_zone_max": 0.4,
    "bb_high_zone_min": 0.5,
    "bb_high_zone_max": 2.0,
    "trend_confirmation_bps": 0.1,
    "take_profit_bps": 30.0,
    "stop_loss_bps": 20.0,
    "max_hold_minutes": 600.0,
    "volume_multiplier": 0.5,
}


def walk(count: int = 3_000, seed: int = 1, interval: int = MINUTE) -> Candles:
    """A random walk in candles without gaps; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.0008, count)))
    opened = np.append(100.0, close[:-1])
    reach = 1 + np.abs(rng.normal(0, 0.0002, (2, count)))
    return Candles(
        MONDAY_SECONDS + interval * np.arange(count, dtype=np.int64),
        opened,
        np.maximum(opened, close) * reach[0],
        np.minimum(opened, close) / reach[1],
        close,
        rng.uniform(1, 3, count),
    )


def stored(
    found: Candles | None = None, bot: Bot | None = None, interval: int = MINUTE
) -> CandleSeries:
    series = candles.series_for(bot, MARKET, interval)
    candles.store(series, walk() if found is None else found)
    return series

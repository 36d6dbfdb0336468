"""The demo's RSI + Bollinger trader: the declared filters, on closed candles of 15 seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from trading.demo import indicators
from trading.demo.market import DAY, prices, volumes
from trading.demo.trades import Day, Plan, ValueSet, carry_out, live

KEY = "rsi_bb"
STEP = 15
WARM = 200
FILTERS = ("volatility", "volume", "rsi", "bb_zone", "trend", "trend_strength", "momentum")


class Reading:
    """The indicators of a day's candles, the warm-up of the evening before included."""

    def __init__(self, market: str, day: int, values: Mapping[str, Any]) -> None:
        start = day * DAY - WARM * STEP
        ticks = prices(market, start, (day + 1) * DAY).reshape(-1, 3)
        self.close = close = ticks[:, -1]
        self.end = start + STEP * np.arange(1, close.size + 1)
        self.volatility = indicators.volatility(close)
        self.rsi = indicators.rsi(close, values["rsi_period"])
        self.position, _ = indicators.bands(close, values["bb_period"], values["bb_std"])
        self.fast = indicators.ema(close, values["ema_fast_period"])
        self.slow = indicators.ema(close, values["ema_slow_period"])
        traded = volumes(market, start, (day + 1) * DAY).reshape(-1, 3).sum(axis=1)
        usual = indicators.mean(traded, values["volume_ma_period"])
        self.volume = traded / usual
        began = np.sign(ticks[1:, 0] - close[:-1])
        self.marks = indicators.padded(indicators.rolled(began, 3).sum(axis=1), close.size)
        self.strength = (self.fast - self.slow) / self.slow * 1e4
        self.atr = indicators.mean(ticks.max(axis=1) - ticks.min(axis=1), values["atr_period"])


def run(market: str, day: int, sets: Sequence[ValueSet]) -> Day:
    found, plans = Day(), []
    for values, since, until in periods(sets, day):
        read = Reading(market, day, values)
        side = np.where(read.rsi > 50, 1, -1)
        passed = np.vstack(_filters(read, side, values))
        inside = (read.end > since) & (read.end <= until)
        first = np.where(passed.all(axis=0), len(FILTERS), np.argmin(passed, axis=0))
        for number, name in enumerate(FILTERS):
            for hour in range(24):
                within = inside & ((read.end - 1) % DAY // 3600 == hour)
                found.blocked(hour * 3600, name, int((first[within] == number).sum()))
        wanted = np.flatnonzero(inside & (first == len(FILTERS)))
        plans += [_plan(read, int(at), int(side[at]), values) for at in wanted]
    carry_out(KEY, market, plans, sets, found, "losing_streak")
    return found


def periods(sets: Sequence[ValueSet], day: int) -> list[tuple[Mapping[str, Any], float, float]]:
    """The sets that were live during a day, and from when to when."""
    start, end = day * DAY, (day + 1) * DAY
    edges = [start, *(one.since for one in sets if start < one.since < end), end]
    return [(live(sets, since).values, since, until) for since, until in pairwise(edges)]


def _filters(read: Reading, side: np.ndarray, values: Mapping[str, Any]) -> list[np.ndarray]:
    up = values["rsi_bullish_threshold"] + values["rsi_momentum_strength"]
    down = values["rsi_bearish_threshold"] - values["rsi_momentum_strength"]
    place = read.position
    return [
        (read.volatility >= values["vol_min_bps"]) & (read.volatility <= values["vol_max_bps"]),
        read.volume >= values["volume_multiplier"],
        (read.rsi > up) | (read.rsi < down),
        ((place >= values["bb_low_zone_min"]) & (place <= values["bb_low_zone_max"]))
        | ((place >= values["bb_high_zone_min"]) & (place <= values["bb_high_zone_max"])),
        side * read.strength > 0,
        np.abs(read.strength) >= values["trend_confirmation_bps"],
        side * read.marks >= 1,
    ]


def _plan(read: Reading, at: int, side: int, values: Mapping[str, Any]) -> Plan:
    price, volatility = float(read.close[at]), float(read.volatility[at])
    stop, target = values["stop_loss_bps"], values["take_profit_bps"]
    if volatility > values["vol_high_threshold"]:
        stop, target = stop * 1.2, target * 1.1
    elif volatility < values["vol_low_threshold"]:
        stop, target = stop * 0.9, target * 0.9
    momentum = int(read.marks[at])
    hold = int(values["max_hold_minutes"] * 60 * min(1, values["candle_interval_seconds"] / 60))
    return Plan(
        at=int(read.end[at]),
        side=side,
        hold=max(STEP, hold - hold % 5),
        stop=price * (1 - side * stop / 1e4),
        target=price * (1 + side * target / 1e4),
        strength=abs(float(read.rsi[at]) - 50) / 50,
        closes=read.close[at - 24 : at + 1],
        leave=_reversal(read, at, side, values),
        # It reads calm markets badly and lively ones well, better with room for their noise.
        blind=0.86 if volatility < values["vol_optimal_min"] else 0.48 if stop >= 5 else 0.62,
        features={
            "rsi_value": round(float(read.rsi[at]), 2),
            "bb_position": round(float(read.position[at]), 4),
            "atr_bps": round(float(read.atr[at]) / price * 1e4, 3),
            "ema_fast": round(float(read.fast[at]), 4),
            "ema_slow": round(float(read.slow[at]), 4),
            "ema_trend_strength_bps": round(abs(float(read.strength[at])), 3),
            "volume_ratio": round(float(read.volume[at]), 3),
            "recent_momentum": "up" if momentum > 1 else "down" if momentum < -1 else "mixed",
        },
    )


def _reversal(
    read: Reading, at: int, side: int, values: Mapping[str, Any]
) -> tuple[str, int] | None:
    later = read.rsi[at + 1 : at + 40]
    turned = (
        later < values["rsi_bearish_threshold"]
        if side > 0
        else later > values["rsi_bullish_threshold"]
    )
    if not turned.any():
        return None
    return "trend_reversal", int(read.end[at + 1 + int(np.argmax(turned))])

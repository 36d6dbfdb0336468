"""The demo's breakout trader: leaves of the range of the last hours, looked for each minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading.demo import indicators
from trading.demo.market import DAY, MARKETS, SEGMENTS, candles, prices, rng, ticks
from trading.demo.trades import Day, Plan, ValueSet, carry_out, live

KEY = "breakout"
STEP = 900
WARM = 130
PER_HOUR = 60
REST = 7_200  # seconds in which a range that was left is not looked at again


def run(market: str, day: int, sets: Sequence[ValueSet]) -> Day:
    found = Day()
    bars = candles(market, STEP, day * DAY - WARM * STEP, (day + 1) * DAY)
    minute = prices(market, day * DAY, (day + 1) * DAY)[11::12]
    plans: list[Plan] = []
    for number in range(1, minute.size):
        at = day * DAY + (number + 1) * 60
        if plans and at < plans[-1].at + REST:
            continue
        values = live(sets, at).values
        closed = bars[: WARM + (at - day * DAY) // STEP]
        window = closed[-values["breakout_lookback"] :]
        level = (window[:, 2].max(), window[:, 3].min())
        price, before = minute[number], minute[number - 1]
        side = 1 if price > level[0] >= before else -1 if price < level[1] <= before else 0
        if side:
            plans.append(_plan(market, at, side, level[side < 0], float(price), closed, values))
    _funnel(market, day, found)
    carry_out(KEY, market, plans, sets, found, "atr_expansion")
    return found


def _plan(
    market: str,
    at: int,
    side: int,
    level: float,
    price: float,
    closed: np.ndarray,
    values: Mapping[str, Any],
) -> Plan:
    close = np.append(closed[:, 4], price)
    spans = closed[:, 2] - closed[:, 3]
    atr = float(spans[-values["atr_period"] :].mean())
    fast, slow = (
        float(indicators.ema(close, values[f"ema_{one}_period"])[-1]) for one in ("fast", "slow")
    )
    macd = indicators.ema(close, values["macd_fast"]) - indicators.ema(close, values["macd_slow"])
    signal = float(indicators.ema(macd[-values["macd_signal"] :], values["macd_signal"])[-1])
    _, width = indicators.bands(close, values["bb_period"], values["bb_std"])
    histogram = float(macd[-1]) - signal
    trend = ticks(market, at // DAY).trend[at % DAY * SEGMENTS // DAY]
    return Plan(
        at=at,
        side=side,
        hold=int(values["max_hold_minutes"] * 60),
        idle=int(values["no_movement_minutes"] * 60),
        stop=level - side * values["stop_loss_atr_multiplier"] * atr,
        target=price + side * values["take_profit_atr_multiplier"] * atr,
        strength=abs(histogram) / atr,
        closes=close[-25:],
        leave=_failure(market, at, side, level),
        blind=0.68 if trend == side else 0.93,
        features={
            "breakout_type": "bullish" if side > 0 else "bearish",
            "breakout_level": float(level),
            "rsi_value": round(float(indicators.rsi(close, values["rsi_period"])[-1]), 2),
            "macd_value": round(float(macd[-1]), 5),
            "macd_signal": round(signal, 5),
            "macd_histogram": round(histogram, 5),
            "atr_expanding": bool(spans[-5:].mean() > spans[-20:].mean()),
            "bb_width": round(float(width[-1]), 6),
            "ema_fast": round(fast, 4),
            "ema_slow": round(slow, 4),
        },
    )


def _failure(market: str, at: int, side: int, level: float) -> tuple[str, int] | None:
    """The first candle closed after the entry that is back across the level."""
    first = at - at % STEP + STEP
    for end in range(first, first + 4 * STEP, STEP):
        if side * (float(prices(market, end - 5, end)[-1]) - level) < 0:
            return "breakout_failure", end
    return None


def _funnel(market: str, day: int, found: Day) -> None:
    noise = rng(MARKETS[market].number, len(KEY), day)
    for hour in range(24):
        counts = noise.multinomial(PER_HOUR, [0.09, 0.855, 0.024, 0.013, 0.008, 0.006, 0.004])
        names = (
            "volatility",
            "level",
            "rsi",
            "macd",
            "atr_expansion",
            "ema_alignment",
            "price_ema",
        )
        for name, count in zip(names, counts, strict=True):
            found.blocked(hour * 3600, name, int(count))

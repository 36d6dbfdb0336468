"""The demo's Renko trader: bricks drawn from its prices, divergences found now and then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading.demo import indicators
from trading.demo.market import DAY, MARKETS, prices, rng
from trading.demo.trades import Day, Plan, ValueSet, carry_out, live

KEY = "renko_ao"
STEP = 60
WARM = 40
PER_HOUR = 120
FILTERS = ("divergence", "divergence_strength", "ao_strength", "brick_size", "confirmation", "used")
SHARES = (0.874, 0.047, 0.021, 0.028, 0.023, 0.007)
CHANCES = 60  # a day and market at which the rule might enter


def run(market: str, day: int, sets: Sequence[ValueSet]) -> Day:
    found = Day()
    noise = rng(MARKETS[market].number, len(KEY), day)
    for hour in range(24):
        for name, count in zip(FILTERS, noise.multinomial(PER_HOUR, SHARES), strict=True):
            found.blocked(hour * 3600, name, int(count))
    close = prices(market, day * DAY - WARM * STEP, (day + 1) * DAY)[11::12]
    minutes = np.sort(noise.choice(np.arange(5, 1_430), CHANCES, replace=False))
    plans = [_plan(int(at), day, close, sets, noise) for at in minutes]
    carry_out(KEY, market, plans, sets, found, "used")
    return found


def _plan(
    minute: int, day: int, close: np.ndarray, sets: Sequence[ValueSet], noise: np.random.Generator
) -> Plan:
    at = day * DAY + minute * STEP
    values: Mapping[str, Any] = live(sets, at).values
    seen = close[: WARM + minute]
    price = float(seen[-1])
    # Against the move of the last half hour.
    side = -1 if price > float(seen[-31]) else 1
    change = float(np.abs(np.diff(seen[-values["renko_atr_period"] - 1 :])).mean())
    strength = min(1.0, values["min_divergence_strength"] + float(noise.exponential(0.12)))
    hold = int(values["max_hold_minutes"] * 60)
    turned = int(noise.exponential(0.8) * hold // 5 * 5) + 60
    return Plan(
        at=at,
        side=side,
        hold=hold,
        stop=price * (1 - side * values["stop_loss_bps"] / 1e4),
        target=price * (1 + side * values["take_profit_bps"] / 1e4),
        strength=strength * 1.5,
        closes=seen[-25:],
        leave=("ao_reversal", at + turned) if turned < hold else None,
        # A weak divergence is worth little.
        blind=1.0 if strength < 0.15 else 0.72,
        features={
            "divergence_type": "bullish" if side > 0 else "bearish",
            "divergence_strength": round(strength, 4),
            "ao_value": round(-side * price * float(noise.uniform(1.0, 9.0)) / 1e4, 5),
            "bb_position": round(float(indicators.bands(seen[-25:], 20, 2.0)[0][-1]), 4),
            "atr_bps": round(change / price * 1e4, 3),
            "brick_size": round(change * values["renko_atr_multiplier"], 5),
            "bricks_since_divergence": 3 + int(noise.geometric(0.45)) - 1,
        },
    )


def bricks(
    market: str, after: Mapping[str, Any] | None, since: int, until: int, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The bricks that close in (since, until], each minute a price, going on from the last one."""
    period = values["renko_atr_period"]
    close = prices(market, since - (period + 1) * STEP, until)[11::12]
    # Each window by itself: running sums would differ in their last digit with where they began.
    moves = indicators.rolled(np.abs(np.diff(close)), period).mean(axis=1)
    digits = MARKETS[market].decimals + 2
    sizes = np.round(moves * values["renko_atr_multiplier"], digits)
    reference = float(after["close"]) if after else float(close[period])
    direction = int(after["direction"]) if after else 0
    sequence = int(after["sequence"]) + 1 if after else 0
    opened, low, high = since, reference, reference
    found = []
    for number in range(period + 1, close.size):
        price, size = float(close[number]), float(sizes[number - period])
        at = since + (number - period) * STEP
        low, high = min(low, price), max(high, price)
        while size > 0 and (step := _step(price - reference, size, direction, values)):
            begin = round(reference + step * size, digits) if step == -direction else reference
            reference = round(begin + step * size, digits)
            found.append(
                {
                    "sequence": sequence,
                    "open_time": opened,
                    "close_time": at,
                    "open": begin,
                    "close": reference,
                    "direction": step,
                    "high": max(high, begin, reference),
                    "low": min(low, begin, reference),
                    "size": size,
                }
            )
            direction, sequence, opened = step, sequence + 1, at
            low = high = reference
    return found


def _step(move: float, size: float, direction: int, values: Mapping[str, Any]) -> int:
    step = 1 if move > 0 else -1
    needed = values["renko_reversal_bricks"] if direction == -step else 1
    return step if abs(move) >= needed * size else 0

"""What the demo's owner decided in its past: parameter changes and experiments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any

from trading.demo.market import DAY
from trading.demo.paper import STEP

STOP = "stop"  # stands for the path of an experiment whose number is not known before
CANDLES = {"candle_interval_seconds": STEP}
AT_FIRST = timedelta(seconds=1)
ASKS = timedelta(minutes=1)  # after the start of each block
# Strategy, time since the first day, what changes, why.
CHANGES: tuple[tuple[str, timedelta, dict[str, float], str], ...] = (
    (
        "rsi_bb",
        AT_FIRST,
        CANDLES
        | {
            "volume_multiplier": 0.7,
            "vol_max_bps": 60.0,
            "bb_low_zone_min": 0.1,
            "bb_low_zone_max": 0.4,
            "bb_high_zone_min": 0.6,
            "bb_high_zone_max": 0.9,
            "take_profit_bps": 24.0,
            "stop_loss_bps": 15.0,
            "max_hold_minutes": 60.0,
        },
        "Demo: candles of 10 minutes, with exits as wide as one of them moves",
    ),
    (
        "renko_ao",
        AT_FIRST,
        CANDLES
        | {
            "renko_atr_multiplier": 0.4,
            "brick_max_bps": 60.0,
            "renko_lookback": 40,
            "min_divergence_strength": 0.03,
            "take_profit_bps": 45.0,
            "stop_loss_bps": 32.0,
            "max_hold_minutes": 120.0,
        },
        "Demo: candles of 10 minutes, with small bricks so that it trades every day",
    ),
    (
        "breakout",
        AT_FIRST,
        CANDLES
        | {
            "breakout_lookback": 14,
            "min_atr_expansion": 1.0,
            "take_profit_atr_multiplier": 6.0,
            "trailing_stop_activation_atr": 3.0,
            "trailing_stop_distance_atr": 2.0,
            "no_movement_minutes": 90.0,
            "max_hold_minutes": 180.0,
        },
        "Demo: candles of 10 minutes, with room for trends of hours",
    ),
    (
        "rsi_bb",
        timedelta(days=14, hours=9),
        {"take_profit_bps": 72.0, "stop_loss_bps": 36.0, "max_hold_minutes": 120.0},
        "Demo: stops of 15 bps are hit by noise and gains are cut short; wider exits",
    ),
    (
        "breakout",
        timedelta(days=20, hours=15),
        {"take_profit_atr_multiplier": 1.0, "stop_loss_atr_multiplier": 0.2},
        "Demo: take profits sooner and lose less on each failure",
    ),
)


@dataclass(frozen=True)
class Trial:
    """An experiment of the demo: one arm beside the control, a day each; times since the first day.
    ``stops`` is None for one that still runs."""

    strategy: str
    name: str
    reason: str
    values: dict[str, float]
    starts: timedelta
    stops: timedelta | None = None


TRIALS = (
    Trial(
        "renko_ao",
        "wider_stop",
        "Demo: does room for noise pay?",
        {"stop_loss_bps": 50.0, "take_profit_bps": 70.0},
        timedelta(days=7),
        timedelta(days=21),
    ),
    Trial(
        "breakout",
        "longer_range",
        "Demo: are breaks of a longer range worth more?",
        {"breakout_lookback": 24},
        timedelta(days=23),
    ),
)


def all_in_order(length: timedelta) -> list[tuple[timedelta, str, dict[str, Any] | None]]:
    """The requests of a history of this length: changes, experiments, and the parameters that the
    bot asks for in each block of an experiment (without a body)."""
    decisions: list[tuple[timedelta, str, dict[str, Any] | None]] = [
        (after, f"/parameters/{strategy}/", {"values": values, "reason": reason})
        for strategy, after, values, reason in CHANGES
    ]
    for number, trial in enumerate(TRIALS):
        design = {
            "strategy": trial.strategy,
            "name": trial.name,
            "reason": trial.reason,
            "arms": [{"name": trial.name, "values": trial.values}],
            "block_seconds": DAY,
            "seed": number,
        }
        decisions.append((trial.starts, "/experiments/", design))
        if trial.stops:
            stop = {"name": trial.name, "reason": "Demo: two weeks are over"}
            decisions.append((trial.stops, STOP, stop))
        asked, ends = trial.starts + ASKS, min(trial.stops or length, length)
        while asked < ends:
            decisions.append((asked, f"/parameters/{trial.strategy}/", None))
            asked += timedelta(seconds=DAY)
    return sorted(decisions, key=itemgetter(0))

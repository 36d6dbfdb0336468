"""Parameters, rules and recorded facts that strategies share, each declared here and only here.

What guards the account (cooldown, pause, size) is not tuned: a search that may loosen its own
brakes finds that no brakes are best.
"""

from __future__ import annotations

from typing import Any

from .base import Below, Feature, Group
from .engine import Tape
from .indicators import Floats
from .parameters import Boolean, Choice, Integer, Number, Parameter

# Rules see the last 200 candles. Whatever needs neighbours beside its window (a change, a closed
# candle, the mean of a few) stays under LONGEST, so that every valid value can warm up.
WINDOW = 200
LONGEST = 190

SIGNAL = Group("signal", "Signal")
VOLATILITY = Group("volatility", "Volatility")
EXITS = Group("exits", "Exits")
RISK = Group("risk", "Risk")
DISCIPLINE = Group("discipline", "Discipline")
SIZE = Group("size", "Size")

# A table reads better in rows.
# fmt: off


def candle_interval(default: int, help: str) -> Integer:
    # Not tuned: which intervals can be built depends on the bars that are there.
    return Integer("candle_interval_seconds", default, 1, 604_800,
                   unit="seconds", group="signal", help=help, tuned=False)


def smoothing(help: str) -> Choice:
    # Not tuned: it says which chart the bot draws, and a bot may be able to draw only one.
    return Choice("smoothing", "simple", ("simple", "wilder"),
                  group="signal", help=help, tuned=False)


def max_hold(default: float, help: str) -> Number:
    return Number("max_hold_minutes", default, 0.5, 43_200, 0.5, log=True,
                  unit="minutes", group="exits", help=help)


def bps_exits(take_profit: float, stop_loss: float) -> tuple[Parameter, ...]:
    """Target and stop at fixed distances from the entry price."""
    return (
        Number("take_profit_bps", take_profit, 0.1, 5000, 0.1, log=True, unit="bps", group="exits",
               help="How far the price must move in your favour before the gain is taken."),
        Number("stop_loss_bps", stop_loss, 0.1, 5000, 0.1, log=True, unit="bps", group="exits",
               help="How far the price may move against you before the trade is given up."),
    )


TRAILING: tuple[Parameter, ...] = (
    Boolean("enable_trailing_stop", False, group="risk",
            help="Let the stop follow the price once the trade is far enough in profit."),
    Number("trailing_stop_activation_bps", 3.0, 0, 5000, 0.1, unit="bps", group="risk",
           help="Best profit so far at which the stop begins to follow the price."),
    Number("trailing_stop_distance_bps", 2.0, 0.1, 5000, 0.1, log=True, unit="bps", group="risk",
           help="Room left between the price and the stop that follows it; it only tightens."),
)


def discipline(
    *,
    exit_cooldown_seconds: int = 10,
    max_losing_streak: int = 3,
    pause_seconds: int = 300,
    tune_volatility: bool = False,
) -> tuple[Parameter, ...]:
    """When to sit out. `tune_volatility` where the two volatility thresholds also move exits."""
    return (
        Integer("exit_cooldown_seconds", exit_cooldown_seconds, 0, 86_400,
                unit="seconds", group="discipline", tuned=False,
                help="No new entry sooner than this after a trade was closed."),
        Boolean("adaptive_cooldown", True, group="discipline",
                help="Wait longer in wild markets and losses, less in calm ones; 60 s at most.",
                tuned=False),
        Number("vol_low_threshold", 2.0, 0, 2000, 0.1, unit="bps", group="discipline",
               help="A market that moves less than this per candle counts as calm.",
               tuned=tune_volatility),
        Number("vol_high_threshold", 8.0, 0.1, 5000, 0.1, log=True, unit="bps", group="discipline",
               help="A market that moves more than this per candle counts as wild.",
               tuned=tune_volatility),
        Integer("max_losing_streak", max_losing_streak, 1, 100, unit="trades", group="discipline",
                help="Losses in a row after which entries pause; each further loss pauses again.",
                tuned=False),
        Integer("pause_seconds", pause_seconds, 0, 604_800, unit="seconds", group="discipline",
                help="Time without entries after too many losses, counted from the last exit.",
                tuned=False),
    )


DISCIPLINE_RULES = (Below("vol_low_threshold", "vol_high_threshold"),)

POSITION_SIZE: tuple[Parameter, ...] = (
    Number("position_size", 0.1, 1e-8, 1e9, log=True, unit="base units", group="size",
           help="How much to buy or sell per trade, before the share that the evidence allows.",
           tuned=False),
)

COMMON_CONTEXT: tuple[Feature, ...] = (
    Feature("volatility_bps", "number", "bps",
            help="Mean absolute return from candle to candle over the last 20."),
    Feature("price_trend", "category",
            help="Slope of the last 20 closes; sideways within one standard error.",
            choices=("up", "down", "sideways")),
    Feature("volatility_trend", "category",
            help="The last 10 candles against the 10 before; stable within 10 %.",
            choices=("increasing", "decreasing", "stable")),
    Feature("entry_hour", "number", "hour", help="Hour of the decision to enter, 0 to 23, UTC."),
    Feature("entry_day_of_week", "number", "weekday",
            help="Day of the decision to enter, Monday 0 to Sunday 6, UTC."),
    Feature("signal_strength", "number", "ratio",
            help="How clearly the rule spoke, 0 to 1, on the strategy's own scale."),
    Feature("mfe_pct", "number", "pct",
            help="Best unrealised profit while the trade was open, 0 or above.", at="exit"),
    Feature("mae_pct", "number", "pct",
            help="Worst unrealised loss while the trade was open, as a positive number.",
            at="exit"),
    Feature("time_to_mfe_seconds", "number", "seconds",
            help="From the entry to the moment of the best unrealised profit.", at="exit"),
    Feature("hold_time_seconds", "number", "seconds",
            help="From the entry to the exit.", at="exit"),
    Feature("reached_tp", "boolean", help="The price came to the target.", at="exit"),
    Feature("reached_sl", "boolean", help="The price came to the stop.", at="exit"),
)

# fmt: on


def trail(price: float, p: Any, s: Any, memory: Floats) -> float:
    """The stop of the shared risk group: it follows the price at a distance once the best profit
    was large enough."""
    stop: float = s.stop
    if p.enable_trailing_stop != 0 and s.best * 10_000.0 >= p.trailing_stop_activation_bps:
        stop = price * (1.0 - s.side * p.trailing_stop_distance_bps / 10_000.0)
    return stop


def nothing_to_keep(t: Tape, p: Any, s: Any, memory: Floats) -> None:
    """For rules that follow from the candles alone."""


def always(t: Tape, p: Any, s: Any, memory: Floats) -> bool:
    """For rules that need candles and nothing else."""
    return True

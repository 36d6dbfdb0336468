"""Parameters, rules and recorded facts that strategies share, each declared here and only here.

What guards the account (cooldown, pause, size) is not tuned: a search that may loosen its own
brakes finds that no brakes are best.
"""

from __future__ import annotations

from typing import Any

from .base import Below, Feature, Group
from .engine.positions import best_gain
from .engine.tape import Tape
from .indicators import VOLATILITY_CANDLES, Floats, atr, atr_wilder, rsi, rsi_wilder, volatility_bps
from .parameters import Boolean, Choice, Integer, Number, Parameter

# Rules see the last 200 candles. Whatever needs neighbours beside its window (a change, a closed
# candle, the mean of a few) stays under LONGEST, so that every valid value can warm up.
WINDOW = 200
LONGEST = 190

SIMPLE = 0  # of the choices of smoothing
NEAR = 1e-9  # share of a limit within which a value is computed as the rules say
TINY = 1e-12  # share of a price that differences of prices are rounded by at most

SIGNAL = Group("signal", "Signal")
VOLATILITY = Group("volatility", "Volatility")
EXITS = Group("exits", "Exits")
RISK = Group("risk", "Risk")
DISCIPLINE = Group("discipline", "Cooldowns")
SIZE = Group("size", "Size")


def candle_interval(default: int, help: str) -> Integer:
    # Not tuned: which intervals can be built depends on the bars that are there.
    return Integer(
        "candle_interval_seconds",
        default,
        1,
        604_800,
        unit="seconds",
        group="signal",
        help=help,
        tuned=False,
    )


def smoothing(help: str) -> Choice:
    # Not tuned: it says which chart the bot draws, and a bot may be able to draw only one.
    return Choice(
        "smoothing", "simple", ("simple", "wilder"), group="signal", help=help, tuned=False
    )


def max_hold(default: float, help: str) -> Number:
    return Number(
        "max_hold_minutes",
        default,
        0.5,
        43_200,
        0.5,
        log=True,
        unit="minutes",
        group="exits",
        help=help,
    )


def bps_exits(take_profit: float, stop_loss: float) -> tuple[Parameter, ...]:
    """Target and stop at fixed distances from the entry price."""
    return (
        Number(
            "take_profit_bps",
            take_profit,
            0.1,
            5000,
            0.1,
            log=True,
            unit="bps",
            group="exits",
            help="Take-profit distance from entry, in bps.",
        ),
        Number(
            "stop_loss_bps",
            stop_loss,
            0.1,
            5000,
            0.1,
            log=True,
            unit="bps",
            group="exits",
            help="Stop-loss distance from entry, in bps.",
        ),
    )


TRAILING: tuple[Parameter, ...] = (
    Boolean(
        "enable_trailing_stop",
        False,
        group="risk",
        help="Let the stop follow the price once the trade is far enough in profit.",
    ),
    Number(
        "trailing_stop_activation_bps",
        3.0,
        0,
        5000,
        0.1,
        unit="bps",
        group="risk",
        help="Profit that activates the trailing stop.",
    ),
    Number(
        "trailing_stop_distance_bps",
        2.0,
        0.1,
        5000,
        0.1,
        log=True,
        unit="bps",
        group="risk",
        help="Distance of the trailing stop from the price; it only tightens.",
    ),
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
        Integer(
            "exit_cooldown_seconds",
            exit_cooldown_seconds,
            0,
            86_400,
            unit="seconds",
            group="discipline",
            tuned=False,
            help="Minimum time between an exit and the next entry.",
        ),
        Boolean(
            "adaptive_cooldown",
            True,
            group="discipline",
            help="Adapt the cooldown: longer at high volatility and after losses, at most 60 s.",
            tuned=False,
        ),
        Number(
            "vol_low_threshold",
            2.0,
            0,
            2000,
            0.1,
            unit="bps",
            group="discipline",
            help="Volatility per candle below which the regime is low.",
            tuned=tune_volatility,
        ),
        Number(
            "vol_high_threshold",
            8.0,
            0.1,
            5000,
            0.1,
            log=True,
            unit="bps",
            group="discipline",
            help="Volatility per candle above which the regime is high.",
            tuned=tune_volatility,
        ),
        Integer(
            "max_losing_streak",
            max_losing_streak,
            1,
            100,
            unit="trades",
            group="discipline",
            help="Losses in a row that pause entries; each further loss pauses again.",
            tuned=False,
        ),
        Integer(
            "pause_seconds",
            pause_seconds,
            0,
            604_800,
            unit="seconds",
            group="discipline",
            help="Length of the pause after too many losses, from the last exit.",
            tuned=False,
        ),
    )


DISCIPLINE_RULES = (Below("vol_low_threshold", "vol_high_threshold"),)

POSITION_SIZE: tuple[Parameter, ...] = (
    Number(
        "position_size",
        0.1,
        1e-8,
        1e9,
        log=True,
        unit="base units",
        group="size",
        help="Position size per trade (before position scaling).",
        tuned=False,
    ),
)

COMMON_CONTEXT: tuple[Feature, ...] = (
    Feature(
        "volatility_bps",
        "number",
        "bps",
        help="Mean absolute return from candle to candle over the last 20.",
    ),
    Feature(
        "price_trend",
        "category",
        help="Slope of the last 20 closes; sideways if within one standard error.",
        choices=("up", "down", "sideways"),
    ),
    Feature(
        "volatility_trend",
        "category",
        help="Last 10 candles compared with the 10 before; stable within 10%.",
        choices=("increasing", "decreasing", "stable"),
    ),
    Feature("entry_hour", "number", "hour", help="Hour of the entry decision, 0-23, UTC."),
    Feature(
        "entry_day_of_week",
        "number",
        "weekday",
        help="Weekday of the entry decision, Monday 0 to Sunday 6, UTC.",
    ),
    Feature(
        "signal_strength", "number", "ratio", help="Signal score, 0-1, on the strategy's own scale."
    ),
    Feature(
        "mfe_pct",
        "number",
        "pct",
        help="Maximum favourable excursion: best unrealised profit, 0 or above.",
        at="exit",
    ),
    Feature(
        "mae_pct",
        "number",
        "pct",
        help="Maximum adverse excursion: worst unrealised loss, as a positive number.",
        at="exit",
    ),
    Feature("time_to_mfe_seconds", "number", "seconds", help="Time from entry to MFE.", at="exit"),
    Feature(
        "hold_time_seconds",
        "number",
        "seconds",
        help="Time from entry to exit, in seconds.",
        at="exit",
    ),
    Feature("reached_tp", "boolean", help="The price reached the take profit.", at="exit"),
    Feature("reached_sl", "boolean", help="The price reached the stop loss.", at="exit"),
)


def trail(price: float, p: Any, s: Any, memory: Floats) -> float:
    """The stop of the shared risk group: it follows the price at a distance once the best profit
    was large enough."""
    stop: float = s.stop
    if p.enable_trailing_stop != 0 and best_gain(s) * 10_000.0 >= p.trailing_stop_activation_bps:
        stop = price * (1.0 - s.side * p.trailing_stop_distance_bps / 10_000.0)
    return stop


def nothing_to_keep(t: Tape, p: Any, s: Any, memory: Floats) -> None:
    """For rules that follow from the candles alone."""


def always(t: Tape, p: Any, s: Any, memory: Floats) -> bool:
    """For rules that need candles and nothing else."""
    return True


def oldest(s: Any) -> int:
    """The first candle that smoothed indicators see."""
    return int(max(s.first, s.candle - WINDOW + 1))


def strength_now(t: Tape, p: Any, s: Any) -> float:
    """The RSI at the newest candle."""
    if p.smoothing == SIMPLE:
        return rsi(t.closes, s.candle, p.rsi_period)
    return rsi_wilder(t.closes, oldest(s), s.candle, p.rsi_period)


def average_range(t: Tape, at: int, p: Any, s: Any) -> float:
    """The ATR at a candle."""
    if p.smoothing == SIMPLE:
        return atr(t.highs, t.lows, t.closes, at, p.atr_period)
    return atr_wilder(t.highs, t.lows, t.closes, oldest(s), at, p.atr_period)


def clearly(t: Tape, price: float, s: Any, moved: float, period: int, level: float) -> int:
    """Whether the simple RSI is clearly above a level, 1, or below it, -1; 0 where it lies within
    rounding. ``moved`` is the sum of the closed candles' ``period - 1`` absolute changes.

    RSI = 100 * gains / moves; and as gains - losses = price - the close a period ago, gains are
    half of that and of all moves together: a comparison needs one sum and no division.
    """
    before, older = t.closes[s.candle - 1], t.closes[s.candle - period]
    return beyond(price, before, older, moved, level)


def beyond(now: float, before: float, older: float, moved: float, level: float) -> int:
    """The same of a close, the one before it and the one a period ago."""
    moves = moved + abs(now - before)
    over = 50.0 * (moves + now - older) - level * moves
    room = NEAR * moves + TINY * now
    return 1 if over > room else -1 if over < -room else 0


def rsi_beyond(t: Tape, price: float, p: Any, s: Any, row: int, level: float) -> int:
    """1, -1 or 0: whether the RSI is above, below or at a level; ``row`` of the series are the
    moves (``windows.moves``) of ``rsi_period - 1`` candles."""
    if p.smoothing == SIMPLE:
        sure = clearly(t, price, s, t.series[row, s.at], p.rsi_period, level)
        if sure != 0:
            return sure
    found = strength_now(t, p, s)
    return 1 if found > level else -1 if found < level else 0


def volatility_near(t: Tape, price: float, s: Any, row: int, one: float, other: float) -> float:
    """The volatility, as the rules compute it where it lies near one of two limits; ``row`` of the
    series are the returns (``windows.returns``) of ``VOLATILITY_CANDLES - 2`` candles."""
    moved = t.series[row, s.at] + abs(price / t.closes[s.candle - 1] - 1.0)
    found = moved / (VOLATILITY_CANDLES - 1) * 10_000.0
    if abs(found - one) <= NEAR * one or abs(found - other) <= NEAR * other:
        return volatility_bps(t.closes, s.candle)
    return float(found)

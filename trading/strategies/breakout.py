"""Breakout + momentum: enters when the price leaves its recent range and momentum agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import common
from .base import Below, Feature, Rules, Strategy
from .common import (
    NEAR,
    SIMPLE,
    always,
    average_range,
    nothing_to_keep,
    rsi_beyond,
    strength_now,
    volatility_near,
)
from .engine.positions import best_gain
from .engine.tape import Tape
from .indicators import (
    VOLATILITY_CANDLES,
    Floats,
    atr_mean_soon,
    bands,
    ema,
    macd,
    macd_lead_soon,
    macd_signal,
    mean,
)
from .parameters import Integer, Number, Value
from .screens import breakout as screens
from .windows import highest, lowest, moves, returns

_SIGNAL = (
    common.candle_interval(900, "Length of the candles that levels and indicators are drawn on."),
    Integer(
        "breakout_lookback",
        30,
        2,
        common.LONGEST,
        unit="candles",
        group="signal",
        help="Lookback of the breakout levels, in closed candles.",
    ),
    Integer(
        "ema_fast_period",
        20,
        1,
        common.WINDOW,
        unit="candles",
        group="signal",
        help="Period of the fast EMA, in candles.",
    ),
    Integer(
        "ema_slow_period",
        50,
        2,
        common.WINDOW,
        unit="candles",
        group="signal",
        help="Period of the slow EMA (the trend), in candles.",
    ),
    Integer(
        "rsi_period",
        14,
        1,
        common.LONGEST,
        unit="candles",
        group="signal",
        help="Length of the RSI, in candles; shorter reacts faster.",
    ),
    Number(
        "rsi_bullish_threshold",
        60,
        0,
        100,
        0.5,
        unit="points",
        group="signal",
        help="A long needs an RSI above this value.",
    ),
    Number(
        "rsi_bearish_threshold",
        40,
        0,
        100,
        0.5,
        unit="points",
        group="signal",
        help="A short needs an RSI below this value.",
    ),
    # The signal line needs slow + signal - 1 candles, which must fit in the window.
    Integer(
        "macd_fast",
        12,
        1,
        140,
        unit="candles",
        group="signal",
        help="Fast period of the MACD, in candles.",
    ),
    Integer(
        "macd_slow",
        26,
        2,
        150,
        unit="candles",
        group="signal",
        help="Slow period of the MACD, in candles.",
    ),
    Integer(
        "macd_signal",
        9,
        1,
        50,
        unit="candles",
        group="signal",
        help="Period of the MACD signal line, in candles.",
    ),
    Integer(
        "atr_period",
        14,
        1,
        common.LONGEST,
        unit="candles",
        group="signal",
        help="ATR period of stop, target and trailing stop, in candles.",
    ),
    common.smoothing("How RSI and ATR are averaged: simple mean, or Wilder's as most charts draw."),
    Integer(
        "bb_period",
        20,
        2,
        common.WINDOW,
        unit="candles",
        group="signal",
        tuned=False,
        help="Period of the recorded bb_width, in candles; not used for signals.",
    ),
    Number(
        "bb_std",
        2.0,
        0.1,
        10,
        0.1,
        unit="standard deviations",
        group="signal",
        tuned=False,
        help="Standard deviations of the recorded bb_width; not used for signals.",
    ),
)
_VOLATILITY = (
    Number(
        "vol_min_bps",
        3.0,
        0,
        2000,
        0.1,
        unit="bps",
        group="volatility",
        help="Minimum volatility per candle for an entry.",
    ),
    Number(
        "vol_max_bps",
        200,
        0.1,
        5000,
        0.1,
        log=True,
        unit="bps",
        group="volatility",
        help="Maximum volatility per candle for an entry.",
    ),
    Number(
        "min_atr_expansion",
        1.1,
        0,
        10,
        0.05,
        unit="ratio",
        group="volatility",
        help="Minimum ATR as a multiple of its recent average; 0 disables it.",
    ),
)
_EXITS = (
    Number(
        "take_profit_atr_multiplier",
        2.5,
        0.1,
        100,
        0.1,
        log=True,
        unit="ATR",
        group="exits",
        help="Take-profit distance from entry, in ATR at entry.",
    ),
    Number(
        "stop_loss_atr_multiplier",
        1.5,
        0.1,
        100,
        0.1,
        log=True,
        unit="ATR",
        group="exits",
        help="Stop-loss distance from the broken level, in ATR at entry.",
    ),
    common.max_hold(60, "Close after this long, whatever the price does."),
    Number(
        "no_movement_minutes",
        30,
        0.5,
        43_200,
        0.5,
        log=True,
        unit="minutes",
        group="exits",
        help="Close a trade that is not in profit after this time.",
    ),
)
_RISK = (
    Number(
        "trailing_stop_activation_atr",
        1.0,
        0,
        100,
        0.1,
        unit="ATR",
        group="risk",
        help="Profit that activates the trailing stop, in ATR; 100 in effect disables it.",
    ),
    Number(
        "trailing_stop_distance_atr",
        0.5,
        0.1,
        100,
        0.1,
        log=True,
        unit="ATR",
        group="risk",
        help="Distance of the trailing stop from the price; it only tightens.",
    ),
)


(VOLATILITY, LEVEL, RSI, MACD, EXPANSION, ALIGNMENT, PRICE_EMA) = range(7)
BREAKOUT_FAILURE, TIME_STOP, NO_MOVEMENT = 2, 3, 4
MOVES, RETURNS, HIGHEST, LOWEST = range(4)  # rows of the series
BROKEN, RANGE = 0, 1  # what is kept of an entry: the level, and the ATR
RANGES = 5  # the newest average ranges, whose mean the newest is held against


def warmup(values: Mapping[str, Value]) -> int:
    """Candles until every indicator that it reads is there."""
    periods = (
        int(values["breakout_lookback"]) + 1,
        values["ema_slow_period"],
        int(values["rsi_period"]) + 1,
        int(values["macd_slow"]) + int(values["macd_signal"]) - 1,
        int(values["atr_period"]) + RANGES,
        values["bb_period"],
    )
    return max(int(period) for period in periods)


def prepare(t: Tape, row: int, first: int, p: Any, out: Floats, spare: Floats) -> None:
    """What the first filters compare, of closed candles."""
    if row == MOVES:
        moves(t.closes, first, p.rsi_period - 1, out, spare)
    elif row == RETURNS:
        returns(t.closes, first, VOLATILITY_CANDLES - 2, out, spare)
    elif row == HIGHEST:
        highest(t.highs, first, p.breakout_lookback, out, spare)
    else:
        lowest(t.lows, first, p.breakout_lookback, out, spare)


def usual_range(t: Tape, p: Any, s: Any) -> float:
    """The mean of the ATRs at the last five candles, the newest included."""
    total = 0.0
    for at in range(s.candle - RANGES + 1, s.candle + 1):
        total += average_range(t, at, p, s)
    return total / RANGES


def expands(t: Tape, reach: float, p: Any, s: Any) -> bool:
    """Whether the newest average range is as large as wanted."""
    if p.smoothing == SIMPLE:
        usual = atr_mean_soon(t.highs, t.lows, t.closes, s.candle, p.atr_period, RANGES)
        wanted = p.min_atr_expansion * usual
        if abs(reach - wanted) > NEAR * reach:
            return bool(reach > wanted)
    return bool(reach >= p.min_atr_expansion * usual_range(t, p, s))


def lead(t: Tape, price: float, p: Any, k: int) -> float:
    """How far the MACD is above its signal line, as the rules say it where that is close."""
    found = macd_lead_soon(t.closes, k, p.macd_fast, p.macd_slow, p.macd_signal)
    if abs(found) > NEAR * price:
        return found
    return macd_lead(t.closes, k, p.macd_fast, p.macd_slow, p.macd_signal)


def macd_lead(close: Floats, at: int, fast: int, slow: int, period: int) -> float:
    return macd(close, at, fast, slow) - macd_signal(close, at, fast, slow, period)


def broken(t: Tape, price: float, s: Any) -> tuple[int, float]:
    """The side on which the price left the range of the closed candles, and the level."""
    high, low = t.series[HIGHEST, s.at], t.series[LOWEST, s.at]
    if price > high:
        return 1, high
    if price < low:
        return -1, low
    return 0, 0.0


def enter(t: Tape, price: float, p: Any, s: Any, memory: Floats) -> tuple[int, int, float]:
    """The filters in order; the level and the range are kept for the exits."""
    k = s.candle
    volatility = volatility_near(t, price, s, RETURNS, p.vol_min_bps, p.vol_max_bps)
    if not p.vol_min_bps <= volatility <= p.vol_max_bps:
        return 0, VOLATILITY, 0.0
    side, level = broken(t, price, s)
    if side == 0:
        return 0, LEVEL, 0.0
    wanted = p.rsi_bullish_threshold if side > 0 else p.rsi_bearish_threshold
    if side * rsi_beyond(t, price, p, s, MOVES, wanted) <= 0:
        return 0, RSI, 0.0
    if side * lead(t, price, p, k) <= 0.0:
        return 0, MACD, 0.0
    reach = average_range(t, k, p, s)
    if not expands(t, reach, p, s):
        return 0, EXPANSION, 0.0
    fast = ema(t.closes, k, p.ema_fast_period)
    if side * (fast - ema(t.closes, k, p.ema_slow_period)) <= 0.0:
        return 0, ALIGNMENT, 0.0
    if side * (price - fast) <= 0.0:
        return 0, PRICE_EMA, 0.0
    memory[BROKEN], memory[RANGE] = level, reach
    strength = abs(macd_lead(t.closes, k, p.macd_fast, p.macd_slow, p.macd_signal))
    return side, -1, min(1.0, strength / reach) if reach > 0.0 else 0.0


def place(entry: float, side: int, p: Any, s: Any, memory: Floats) -> tuple[float, float]:
    """The stop behind the level that was broken, the target ahead of the entry."""
    stop = memory[BROKEN] - side * p.stop_loss_atr_multiplier * memory[RANGE]
    return stop, entry + side * p.take_profit_atr_multiplier * memory[RANGE]


def follow(price: float, p: Any, s: Any, memory: Floats) -> float:
    """The stop follows the price, in average ranges at entry, once the profit was large enough."""
    stop: float = s.stop
    if best_gain(s) * s.entry >= p.trailing_stop_activation_atr * memory[RANGE]:
        stop = price - s.side * p.trailing_stop_distance_atr * memory[RANGE]
    return stop


def leave(t: Tape, price: float, held: float, p: Any, s: Any, memory: Floats) -> int:
    """When a candle closed back across the level, after its time, or when nothing came of it."""
    before = s.candle - 1
    closed_since = t.starts[before] + p.candle_interval_seconds > s.entered
    if closed_since and s.side * (t.closes[before] - memory[BROKEN]) < 0.0:
        return BREAKOUT_FAILURE
    if held > p.max_hold_minutes * 60.0:
        return TIME_STOP
    if held > p.no_movement_minutes * 60.0 and s.side * (price - s.entry) <= 0.0:
        return NO_MOVEMENT
    return -1


def describe(t: Tape, price: float, p: Any, s: Any, memory: Floats, out: Floats) -> None:
    """The features, in the order in which they are declared."""
    k = s.candle
    line = macd(t.closes, k, p.macd_fast, p.macd_slow)
    signal = macd_signal(t.closes, k, p.macd_fast, p.macd_slow, p.macd_signal)
    lower, upper = bands(t.closes, k, p.bb_period, p.bb_std)
    out[0], out[1] = (0.0 if s.side > 0 else 1.0), memory[BROKEN]
    out[2], out[3], out[4], out[5] = strength_now(t, p, s), line, signal, line - signal
    out[6], out[7] = 1.0, (upper - lower) / mean(t.closes, k, p.bb_period)
    out[8] = ema(t.closes, k, p.ema_fast_period)
    out[9] = ema(t.closes, k, p.ema_slow_period)


STRATEGY = Strategy(
    key="breakout",
    title="Breakout + momentum",
    short="Breakout",
    summary="Trades the break of the recent range when volatility expands and RSI, MACD and both "
    "averages agree.",
    groups=(
        common.SIGNAL,
        common.VOLATILITY,
        common.EXITS,
        common.RISK,
        common.DISCIPLINE,
        common.SIZE,
    ),
    parameters=(
        *_SIGNAL,
        *_VOLATILITY,
        *_EXITS,
        *_RISK,
        *common.discipline(exit_cooldown_seconds=20, max_losing_streak=2),
        *common.POSITION_SIZE,
    ),
    rules=(
        Below("ema_fast_period", "ema_slow_period"),
        Below("macd_fast", "macd_slow"),
        Below("rsi_bearish_threshold", "rsi_bullish_threshold", or_equal=True),
        Below("vol_min_bps", "vol_max_bps"),
        *common.DISCIPLINE_RULES,
    ),
    features=(
        Feature(
            "breakout_type",
            "category",
            "",
            "Bullish above the range, bearish below it.",
            ("bullish", "bearish"),
        ),
        Feature("breakout_level", "number", "price", "The high or low that was broken."),
        Feature("rsi_value", "number", "points", "RSI at the decision."),
        Feature("macd_value", "number", "price", "Fast EMA minus slow EMA."),
        Feature("macd_signal", "number", "price", "Average of the last MACD values."),
        Feature("macd_histogram", "number", "price", "MACD minus its signal line."),
        Feature("atr_expanding", "boolean", "", "The ATR had expanded as required."),
        Feature("bb_width", "number", "ratio", "Band width relative to the middle band."),
        Feature("ema_fast", "number", "price", "Fast EMA at the decision, in quote currency."),
        Feature("ema_slow", "number", "price", "Slow EMA at the decision, in quote currency."),
    ),
    filters=("volatility", "level", "rsi", "macd", "atr_expansion", "ema_alignment", "price_ema"),
    exit_reasons=("stop_loss", "take_profit", "breakout_failure", "time_stop", "no_movement"),
    loosened_by={
        "volatility": ("vol_min_bps", "vol_max_bps"),
        "level": ("breakout_lookback",),
        "rsi": ("rsi_bullish_threshold", "rsi_bearish_threshold"),
        "atr_expansion": ("min_atr_expansion",),
    },
    trading=Rules(
        always,
        enter,
        place,
        follow,
        leave,
        describe,
        nothing_to_keep,
        warmup,
        memory=2,
        series=(("rsi_period",), (), ("breakout_lookback",), ("breakout_lookback",)),
        prepare=prepare,
        screens=screens.SCREENS,
        screen=screens.screen,
    ),
)

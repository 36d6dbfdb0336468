"""RSI + Bollinger Bands: enters with the momentum, out of a zone of the bands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from . import common
from .base import Below, Feature, Group, Rules, Strategy
from .common import (
    NEAR,
    always,
    average_range,
    nothing_to_keep,
    rsi_beyond,
    strength_now,
    trail,
    volatility_near,
)
from .engine.candles import mark
from .engine.tape import Tape
from .indicators import VOLATILITY_CANDLES, Floats, bands, ema, mean, position_in, volatility_bps
from .parameters import Integer, Number, Value
from .screens import rsi_bb as screens
from .windows import moves, returns, totals

_SIGNAL = (
    common.candle_interval(15, "Length of the candles that every indicator is drawn on."),
    Integer(
        "ema_fast_period",
        8,
        1,
        common.WINDOW,
        unit="candles",
        group="signal",
        help="Period of the fast EMA, in candles.",
    ),
    Integer(
        "ema_slow_period",
        21,
        2,
        common.WINDOW,
        unit="candles",
        group="signal",
        help="Period of the slow EMA (the trend), in candles.",
    ),
    Integer(
        "bb_period",
        20,
        2,
        common.WINDOW,
        unit="candles",
        group="signal",
        help="Bollinger period, in candles.",
    ),
    Number(
        "bb_std",
        2.0,
        0.1,
        10,
        0.1,
        unit="standard deviations",
        group="signal",
        help="Width of the Bollinger bands, in standard deviations.",
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
    Integer(
        "atr_period",
        14,
        1,
        common.LONGEST,
        unit="candles",
        group="signal",
        tuned=False,
        help="Period of the recorded ATR, in candles; not used for signals.",
    ),
    common.smoothing("How RSI and ATR are averaged: simple mean, or Wilder's as most charts draw."),
    Integer(
        "volume_ma_period",
        20,
        1,
        common.LONGEST,
        unit="candles",
        group="signal",
        help="Period of the average volume, in closed candles.",
    ),
    Number(
        "volume_multiplier",
        1.2,
        0,
        20,
        0.05,
        unit="ratio",
        group="signal",
        help="Minimum volume of the last closed candle, relative to the average; 0 disables it.",
    ),
    Number(
        "rsi_bullish_threshold",
        50,
        0,
        100,
        0.5,
        unit="points",
        group="signal",
        help="A long needs an RSI above this plus the signal strength; a short closes above it.",
    ),
    Number(
        "rsi_bearish_threshold",
        50,
        0,
        100,
        0.5,
        unit="points",
        group="signal",
        help="A short needs an RSI below this minus the signal strength; a long closes below it.",
    ),
    Number(
        "rsi_momentum_strength",
        10,
        0,
        50,
        0.5,
        unit="points",
        group="signal",
        help="Minimum distance of the RSI beyond its threshold for an entry.",
    ),
    Number(
        "trend_confirmation_bps",
        2.0,
        0,
        1000,
        0.1,
        unit="bps",
        group="signal",
        help="Minimum distance between fast and slow EMA for a trend.",
    ),
)
_ZONES = (
    Number(
        "bb_low_zone_min",
        0.2,
        -1,
        2,
        0.05,
        unit="ratio",
        group="zones",
        help="Start of the lower entry zone, in %B (0 = lower band, 1 = upper band).",
    ),
    Number(
        "bb_low_zone_max",
        0.3,
        -1,
        2,
        0.05,
        unit="ratio",
        group="zones",
        help="End of the lower entry zone, in %B.",
    ),
    Number(
        "bb_high_zone_min",
        0.7,
        -1,
        2,
        0.05,
        unit="ratio",
        group="zones",
        help="Start of the upper entry zone, in %B.",
    ),
    Number(
        "bb_high_zone_max",
        0.8,
        -1,
        2,
        0.05,
        unit="ratio",
        group="zones",
        help="End of the upper entry zone, in %B; both zones apply to longs and shorts.",
    ),
)
_VOLATILITY = (
    Number(
        "vol_min_bps",
        2.0,
        0,
        2000,
        0.1,
        unit="bps",
        group="volatility",
        help="Minimum volatility per candle for an entry.",
    ),
    Number(
        "vol_max_bps",
        25.0,
        0.1,
        5000,
        0.1,
        log=True,
        unit="bps",
        group="volatility",
        help="Maximum volatility per candle for an entry.",
    ),
    Number(
        "vol_optimal_min",
        3.0,
        0,
        2000,
        0.1,
        unit="bps",
        group="volatility",
        help="Minimum volatility per candle for an entry after two losses in a row.",
    ),
)


(VOLATILITY, LOSING_STREAK, VOLUME, RSI, ZONE, TREND, TREND_STRENGTH, MOMENTUM) = range(8)
TIME_STOP, TREND_REVERSAL = 2, 3
MOVES, RETURNS, VOLUMES = range(3)  # rows of the series


def warmup(values: Mapping[str, Value]) -> int:
    """Candles until every indicator that it reads is there."""
    periods = (
        values["ema_slow_period"],
        values["bb_period"],
        int(values["rsi_period"]) + 1,
        int(values["atr_period"]) + 1,
        int(values["volume_ma_period"]) + 1,
    )
    return max(int(period) for period in periods)


def prepare(t: Tape, row: int, first: int, p: Any, out: Floats, spare: Floats) -> None:
    """What the first filters compare, of closed candles."""
    if row == MOVES:
        moves(t.closes, first, p.rsi_period - 1, out, spare)
    elif row == RETURNS:
        returns(t.closes, first, VOLATILITY_CANDLES - 2, out, spare)
    else:
        totals(t.volumes, first, p.volume_ma_period, out, spare)


def volume_ratio(t: Tape, p: Any, s: Any) -> float:
    """The newest closed candle's volume against the mean of the last closed ones; NaN where
    volumes are not known, or there were none."""
    usual = mean(t.volumes, s.candle - 1, p.volume_ma_period)
    return t.volumes[s.candle - 1] / usual if usual > 0.0 else math.nan


def enter(t: Tape, price: float, p: Any, s: Any, memory: Floats) -> tuple[int, int, float]:
    """The filters in order; both zones of the bands serve both sides."""
    volatility = volatility_near(t, price, s, RETURNS, p.vol_min_bps, p.vol_max_bps)
    if not p.vol_min_bps <= volatility <= p.vol_max_bps:
        return 0, VOLATILITY, 0.0
    if s.streak >= 2 and volatility_bps(t.closes, s.candle) < p.vol_optimal_min:
        return 0, LOSING_STREAK, 0.0
    if thin(t, p, s):
        return 0, VOLUME, 0.0
    long = p.rsi_bullish_threshold + p.rsi_momentum_strength
    if rsi_beyond(t, price, p, s, MOVES, long) > 0:
        side = 1
    elif rsi_beyond(t, price, p, s, MOVES, p.rsi_bearish_threshold - p.rsi_momentum_strength) < 0:
        side = -1
    else:
        return 0, RSI, 0.0
    blocked = behind_rsi(t, price, side, p, s)
    if blocked >= 0:
        return 0, blocked, 0.0
    found = strength_now(t, p, s)
    away = found - p.rsi_bullish_threshold if side > 0 else p.rsi_bearish_threshold - found
    return side, -1, min(1.0, away / 50.0)


def thin(t: Tape, p: Any, s: Any) -> bool:
    """Whether the newest closed candle traded too little; never where a volume is unknown."""
    newest, usual = t.volumes[s.candle - 1], t.series[VOLUMES, s.at]
    wanted = p.volume_multiplier * usual / p.volume_ma_period
    if abs(newest - wanted) <= NEAR * wanted:
        wanted = p.volume_multiplier * mean(t.volumes, s.candle - 1, p.volume_ma_period)
    return bool(newest < wanted)


def behind_rsi(t: Tape, price: float, side: int, p: Any, s: Any) -> int:
    """The first filter after the RSI that blocks; -1 for none."""
    k = s.candle
    lower, upper = bands(t.closes, k, p.bb_period, p.bb_std)
    at = position_in(price, lower, upper)
    low = p.bb_low_zone_min <= at <= p.bb_low_zone_max
    if not low and not p.bb_high_zone_min <= at <= p.bb_high_zone_max:
        return ZONE
    fast, slow = ema(t.closes, k, p.ema_fast_period), ema(t.closes, k, p.ema_slow_period)
    if side * (fast - slow) <= 0.0:
        return TREND
    if abs(fast - slow) / slow * 10_000.0 < p.trend_confirmation_bps:
        return TREND_STRENGTH
    return -1 if agreeing(t, s, side) >= 2 else MOMENTUM


def agreeing(t: Tape, s: Any, side: int) -> int:
    """How many of the last three candles began in a direction."""
    count = 0
    for i in range(s.candle - 2, s.candle + 1):
        count += mark(t, i) == side
    return count


def place(entry: float, side: int, p: Any, s: Any, memory: Floats) -> tuple[float, float]:
    """At fixed distances, wider in a wild market and narrower in a calm one."""
    stop, target = p.stop_loss_bps, p.take_profit_bps
    if s.volatility > p.vol_high_threshold:
        stop, target = stop * 1.2, target * 1.1
    elif s.volatility < p.vol_low_threshold:
        stop, target = stop * 0.9, target * 0.9
    return entry * (1.0 - side * stop / 10_000.0), entry * (1.0 + side * target / 10_000.0)


def leave(t: Tape, price: float, held: float, p: Any, s: Any, memory: Floats) -> int:
    """After its time, or when the RSI turned against the position."""
    if held > patience(p):
        return TIME_STOP
    if s.candle - s.first < p.rsi_period:
        return -1
    level = p.rsi_bearish_threshold if s.side > 0 else p.rsi_bullish_threshold
    turned = s.side * rsi_beyond(t, price, p, s, MOVES, level) < 0
    return TREND_REVERSAL if turned else -1


def patience(p: Any) -> float:
    return float(p.max_hold_minutes * 60.0 * min(1.0, p.candle_interval_seconds / 60.0))


def describe(t: Tape, price: float, p: Any, s: Any, memory: Floats, out: Floats) -> None:
    """The features, in the order in which they are declared."""
    k = s.candle
    lower, upper = bands(t.closes, k, p.bb_period, p.bb_std)
    fast, slow = ema(t.closes, k, p.ema_fast_period), ema(t.closes, k, p.ema_slow_period)
    reach = average_range(t, k, p, s)
    out[0], out[1] = strength_now(t, p, s), position_in(price, lower, upper)
    out[2], out[3], out[4] = reach / price * 10_000.0, fast, slow
    out[5], out[6] = abs(fast - slow) / slow * 10_000.0, volume_ratio(t, p, s)
    ups, downs = agreeing(t, s, 1), agreeing(t, s, -1)
    out[7] = 0.0 if ups >= 2 else 1.0 if downs >= 2 else 2.0


STRATEGY = Strategy(
    key="rsi_bb",
    title="RSI + Bollinger Bands",
    short="RSI+BB",
    aliases=("mean_reversion",),
    summary="Trades with the momentum: RSI beyond its threshold, price in a zone of the Bollinger "
    "Bands, EMAs and recent candles agreeing.",
    groups=(
        common.SIGNAL,
        Group("zones", "Bollinger zones"),
        common.VOLATILITY,
        common.EXITS,
        common.RISK,
        common.DISCIPLINE,
        common.SIZE,
    ),
    parameters=(
        *_SIGNAL,
        *_ZONES,
        *_VOLATILITY,
        *common.bps_exits(take_profit=8.0, stop_loss=4.0),
        common.max_hold(
            3,
            "Close after this time; candles under a minute shorten it in proportion "
            "(3 minutes on 15 s candles are 45 s).",
        ),
        *common.TRAILING,
        *common.discipline(tune_volatility=True),
        *common.POSITION_SIZE,
    ),
    rules=(
        Below("ema_fast_period", "ema_slow_period"),
        Below("rsi_bearish_threshold", "rsi_bullish_threshold", or_equal=True),
        Below("bb_low_zone_min", "bb_low_zone_max"),
        Below("bb_high_zone_min", "bb_high_zone_max"),
        Below("vol_min_bps", "vol_max_bps"),
        *common.DISCIPLINE_RULES,
    ),
    features=(
        Feature("rsi_value", "number", "points", "RSI at the decision."),
        Feature("bb_position", "number", "ratio", "%B: 0 = lower band, 1 = upper band."),
        Feature("atr_bps", "number", "bps", "ATR relative to the price."),
        Feature("ema_fast", "number", "price", "Fast EMA at the decision, in quote currency."),
        Feature("ema_slow", "number", "price", "Slow EMA at the decision, in quote currency."),
        Feature("ema_trend_strength_bps", "number", "bps", "Distance between fast and slow EMA."),
        Feature("volume_ratio", "number", "ratio", "Last closed volume relative to the average."),
        Feature(
            "recent_momentum",
            "category",
            "",
            "Direction of most of the last 3 candles.",
            ("up", "down", "mixed"),
        ),
    ),
    filters=(
        "volatility",
        "losing_streak",
        "volume",
        "rsi",
        "bb_zone",
        "trend",
        "trend_strength",
        "momentum",
    ),
    exit_reasons=("stop_loss", "take_profit", "time_stop", "trend_reversal"),
    loosened_by={
        "volatility": ("vol_min_bps", "vol_max_bps"),
        "losing_streak": ("vol_optimal_min",),
        "volume": ("volume_multiplier",),
        "rsi": ("rsi_momentum_strength", "rsi_bullish_threshold", "rsi_bearish_threshold"),
        "bb_zone": ("bb_low_zone_min", "bb_low_zone_max", "bb_high_zone_min", "bb_high_zone_max"),
        "trend_strength": ("trend_confirmation_bps",),
    },
    trading=Rules(
        always,
        enter,
        place,
        trail,
        leave,
        describe,
        nothing_to_keep,
        warmup,
        series=(("rsi_period",), (), ("volume_ma_period",)),
        prepare=prepare,
        screens=screens.SCREENS,
        screen=screens.screen,
        stays=screens.STAYS,
        still=screens.still,
        patience=patience,
    ),
)

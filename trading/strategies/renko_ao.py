"""Renko + Awesome Oscillator: enters against the move when price and oscillator diverge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import common
from .base import Below, Feature, Group, Rules, Strategy
from .common import trail
from .engine.tape import Tape
from .indicators import Floats, bands, mean, position_in
from .parameters import Integer, Number, Value
from .renko import BEGUN, COUNT, DRAWN, HEAD, SIZE, begin, clear, direction_of, step

_BRICKS = (
    common.candle_interval(60, "Length of the candles whose changes set the size of a brick."),
    Integer(
        "renko_atr_period",
        14,
        1,
        common.LONGEST,
        unit="candles",
        group="bricks",
        help="Period of the volatility that sets the brick size, in closed candles.",
    ),
    Number(
        "renko_atr_multiplier",
        1.3,
        0.1,
        50,
        0.1,
        log=True,
        unit="ratio",
        group="bricks",
        help="Brick size as a multiple of the volatility.",
    ),
    Number(
        "renko_fixed_size",
        0,
        0,
        1e9,
        unit="price",
        group="bricks",
        tuned=False,
        help="Fixed brick size; 0 uses the volatility.",
    ),
    Integer(
        "renko_reversal_bricks",
        2,
        1,
        10,
        unit="bricks",
        group="bricks",
        help="Reversal distance, in brick sizes.",
    ),
    Number(
        "brick_min_bps",
        2.0,
        0,
        2000,
        0.1,
        unit="bps",
        group="bricks",
        help="Minimum brick size for an entry, relative to the price.",
    ),
    Number(
        "brick_max_bps",
        12.0,
        0.1,
        5000,
        0.1,
        log=True,
        unit="bps",
        group="bricks",
        help="Maximum brick size for an entry, relative to the price.",
    ),
)
_SIGNAL = (
    Integer(
        "renko_lookback",
        30,
        4,
        common.WINDOW,
        unit="bricks",
        group="signal",
        help="Lookback for the two swings of a divergence, in bricks.",
    ),
    Integer(
        "ao_fast_period",
        5,
        1,
        common.LONGEST,
        unit="bricks",
        group="signal",
        help="Fast period of the Awesome Oscillator, in bricks.",
    ),
    Integer(
        "ao_slow_period",
        34,
        2,
        common.WINDOW,
        unit="bricks",
        group="signal",
        help="Slow period of the Awesome Oscillator, in bricks.",
    ),
    Integer(
        "bb_period",
        20,
        2,
        common.WINDOW,
        unit="bricks",
        group="signal",
        help="Bollinger period, in bricks.",
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
    Number(
        "bb_enhancement_threshold",
        0.3,
        -1,
        1,
        0.05,
        unit="ratio",
        group="signal",
        help="A signal within this distance of its band gets 1.5x the strength; 0 is on the band.",
    ),
    Number(
        "min_divergence_strength",
        0.08,
        0,
        1,
        0.01,
        unit="ratio",
        group="signal",
        help="Minimum price distance between the two swings, in percent.",
    ),
    Number(
        "min_ao_strength_bps",
        1.0,
        0,
        1000,
        0.1,
        unit="bps",
        group="signal",
        help="Minimum distance of the oscillator from zero, relative to the price.",
    ),
    Integer(
        "min_bricks_since_divergence",
        3,
        1,
        100,
        unit="bricks",
        group="signal",
        help="Bricks that must confirm the reversal after the newer swing.",
    ),
)


(DIVERGENCE, STRENGTH, AO_STRENGTH, BRICK_SIZE, CONFIRMATION, USED) = range(6)
TIME_STOP, AO_REVERSAL = 2, 3
# What is kept behind the wall of bricks: the start of the newest candle, how many gaps there were
# before the wall, the size that a brick would have and that of the newest, the AO and that of the
# brick before; of the newest divergence its side, strength and the number of its newer swing's
# brick; the last divergence that made a trade; whether the AO may turn a position out.
KEPT = 11
(START, GAPS, HEIGHT, NEWEST, AO, AO_BEFORE, SIDE, GAP, SWING, TRADED, ARMED) = range(
    SIZE, SIZE + KEPT
)
NO_SWING = -1


def warmup(values: Mapping[str, Value]) -> int:
    """Candles until a brick can be measured."""
    return int(values["renko_atr_period"]) + 2


def ready(t: Tape, p: Any, s: Any, memory: Floats) -> bool:
    """Whether there are bricks enough for the oscillator and the bands."""
    return bool(memory[COUNT] >= max(p.ao_slow_period, p.bb_period))


def advance(t: Tape, p: Any, s: Any, memory: Floats) -> None:
    """Draw the bricks that this bar's close completes, and look for a divergence in them."""
    if t.starts[s.candle] != memory[START]:
        memory[START] = t.starts[s.candle]
        memory[HEIGHT] = height(t, p, s)
        if s.gaps != memory[GAPS]:
            # After a gap nothing is known of the market any more.
            memory[GAPS], memory[SIDE] = s.gaps, 0.0
            clear(memory)
    price = t.close[s.bar]
    if memory[HEIGHT] > 0.0 and memory[BEGUN] == 0.0:
        begin(memory, price)
    if step(memory, price, memory[HEIGHT], p.renko_reversal_bricks) > 0:
        memory[NEWEST] = memory[HEIGHT]
        count = int(memory[COUNT])
        if count >= p.ao_slow_period:
            memory[AO] = oscillator(memory, count - 1, p)
            memory[AO_BEFORE] = memory[AO]
        if count > p.ao_slow_period:
            memory[AO_BEFORE] = oscillator(memory, count - 2, p)
        diverge(memory, p)


def measure(t: Tape, p: Any, s: Any) -> float:
    """Mean absolute change of the last closed candles' closes; 0 with too few of them."""
    k = s.candle - 1
    if k - p.renko_atr_period < s.first:
        return 0.0
    total = 0.0
    for i in range(k - p.renko_atr_period + 1, k + 1):
        total += abs(t.closes[i] - t.closes[i - 1])
    return float(total / p.renko_atr_period)


def height(t: Tape, p: Any, s: Any) -> float:
    """The size of a brick that is drawn now."""
    if p.renko_fixed_size > 0.0:
        return float(p.renko_fixed_size)
    return float(p.renko_atr_multiplier * measure(t, p, s))


def oscillator(memory: Floats, brick: int, p: Any) -> float:
    """The Awesome Oscillator on brick closes."""
    closes, at = memory[HEAD:SIZE], brick
    return mean(closes, at, p.ao_fast_period) - mean(closes, at, p.ao_slow_period)


def diverge(memory: Floats, p: Any) -> None:
    """The newest divergence within the lookback: two swings the same way, of which the newer went
    further while the oscillator did not."""
    memory[SIDE] = 0.0
    lows, highs = swings(memory, p, -1.0), swings(memory, p, 1.0)
    bullish, bearish = refused(memory, lows, 1, p), refused(memory, highs, -1, p)
    if bullish == 0.0 and bearish == 0.0:
        return
    up = bearish == 0.0 or (bullish != 0.0 and lows[0] > highs[0])
    newer = lows[0] if up else highs[0]
    memory[SIDE] = 1.0 if up else -1.0
    memory[GAP] = min(1.0, 100.0 * (bullish if up else bearish))
    memory[SWING] = memory[DRAWN] - memory[COUNT] + newer


def swings(memory: Floats, p: Any, facing: float) -> tuple[int, int]:
    """The last bricks of the two newest runs in a direction that were followed by one against it,
    and that have an oscillator; the newer first."""
    count = int(memory[COUNT])
    newer, older = NO_SWING, NO_SWING
    first = max(count - p.renko_lookback, p.ao_slow_period - 1, 0)
    for brick in range(count - 2, first - 1, -1):
        if direction_of(memory, brick) == facing and direction_of(memory, brick + 1) == -facing:
            if newer == NO_SWING:
                newer = brick
            else:
                return newer, brick
    return newer, older


def refused(memory: Floats, found: tuple[int, int], side: int, p: Any) -> float:
    """How far the newer of two swings went beyond the older, as a share of its price, where the
    oscillator refused to follow; 0 otherwise."""
    newer, older = found
    if older == NO_SWING:
        return 0.0
    new, old = memory[HEAD + newer], memory[HEAD + older]
    if side * (new - old) >= 0.0:
        return 0.0
    if side * (oscillator(memory, newer, p) - oscillator(memory, older, p)) <= 0.0:
        return 0.0
    return float(abs(new - old) / old)


def bricks_since(memory: Floats) -> float:
    """Bricks after the newer swing of the divergence."""
    return float(memory[DRAWN] - 1.0 - memory[SWING])


def in_bands(memory: Floats, price: float, p: Any) -> float:
    """Where the price stands in the bands of brick closes."""
    at = int(memory[COUNT]) - 1
    lower, upper = bands(memory[HEAD:SIZE], at, p.bb_period, p.bb_std)
    return position_in(price, lower, upper)


def enter(t: Tape, price: float, p: Any, s: Any, memory: Floats) -> tuple[int, int, float]:
    """The filters in order."""
    side = int(memory[SIDE])
    if side == 0:
        return 0, DIVERGENCE, 0.0
    if memory[GAP] < p.min_divergence_strength:
        return 0, STRENGTH, 0.0
    if abs(memory[AO]) / price * 10_000.0 < p.min_ao_strength_bps:
        return 0, AO_STRENGTH, 0.0
    if not p.brick_min_bps <= memory[NEWEST] / price * 10_000.0 <= p.brick_max_bps:
        return 0, BRICK_SIZE, 0.0
    if bricks_since(memory) < p.min_bricks_since_divergence:
        return 0, CONFIRMATION, 0.0
    if memory[TRADED] == memory[SWING] + 1.0:
        return 0, USED, 0.0
    memory[TRADED] = memory[SWING] + 1.0
    memory[ARMED] = 0.0 if turned(memory, side) else 1.0
    at = in_bands(memory, price, p)
    near = at if side > 0 else 1.0 - at
    strength = memory[GAP] * 1.5 if near <= p.bb_enhancement_threshold else memory[GAP]
    return side, -1, min(1.0, strength)


def turned(memory: Floats, side: int) -> bool:
    """Whether the oscillator moves against a position on the far side of 0."""
    falling = side * (memory[AO] - memory[AO_BEFORE]) < 0.0
    return bool(falling and side * memory[AO] < 0.0)


def place(entry: float, side: int, p: Any, s: Any, memory: Floats) -> tuple[float, float]:
    """At fixed distances from the entry."""
    stop, target = p.stop_loss_bps / 10_000.0, p.take_profit_bps / 10_000.0
    return entry * (1.0 - side * stop), entry * (1.0 + side * target)


def leave(t: Tape, price: float, held: float, p: Any, s: Any, memory: Floats) -> int:
    """After its time, or when the oscillator turned against it since the entry."""
    if held > p.max_hold_minutes * 60.0:
        return TIME_STOP
    if not turned(memory, s.side):
        memory[ARMED] = 1.0
        return -1
    return AO_REVERSAL if memory[ARMED] != 0.0 else -1


def describe(t: Tape, price: float, p: Any, s: Any, memory: Floats, out: Floats) -> None:
    """The features, in the order in which they are declared."""
    out[0], out[1], out[2] = (0.0 if s.side > 0 else 1.0), memory[GAP], memory[AO]
    out[3], out[4] = in_bands(memory, price, p), measure(t, p, s) / price * 10_000.0
    out[5], out[6] = memory[NEWEST], bricks_since(memory)


STRATEGY = Strategy(
    key="renko_ao",
    title="Renko + Awesome Oscillator",
    short="Renko+AO",
    summary="Trades against the move: on Renko bricks, price makes a new extreme that the Awesome "
    "Oscillator does not follow.",
    groups=(
        Group("bricks", "Bricks"),
        common.SIGNAL,
        common.EXITS,
        common.RISK,
        common.DISCIPLINE,
        common.SIZE,
    ),
    parameters=(
        *_BRICKS,
        *_SIGNAL,
        *common.bps_exits(take_profit=14, stop_loss=10),
        common.max_hold(10, "Close after this time."),
        *common.TRAILING,
        *common.discipline(max_losing_streak=5, pause_seconds=180),
        *common.POSITION_SIZE,
    ),
    rules=(
        Below("brick_min_bps", "brick_max_bps"),
        Below("ao_fast_period", "ao_slow_period"),
        Below("min_bricks_since_divergence", "renko_lookback"),
        *common.DISCIPLINE_RULES,
    ),
    features=(
        Feature(
            "divergence_type",
            "category",
            "",
            "Bullish divergence: price makes a new low, the oscillator does not.",
            ("bullish", "bearish"),
        ),
        Feature(
            "divergence_strength",
            "number",
            "ratio",
            "Price distance between the two swings in percent, at most 1.",
        ),
        Feature("ao_value", "number", "price", "Awesome Oscillator on brick closes."),
        Feature("bb_position", "number", "ratio", "%B: 0 = lower band, 1 = upper band."),
        Feature("atr_bps", "number", "bps", "Mean change per candle as a share of the price."),
        Feature("brick_size", "number", "price", "Height of the newest brick."),
        Feature("bricks_since_divergence", "number", "bricks", "Bricks after the newer swing."),
    ),
    filters=(
        "divergence",
        "divergence_strength",
        "ao_strength",
        "brick_size",
        "confirmation",
        "used",
    ),
    exit_reasons=("stop_loss", "take_profit", "time_stop", "ao_reversal"),
    loosened_by={
        "divergence": ("renko_lookback",),
        "divergence_strength": ("min_divergence_strength",),
        "ao_strength": ("min_ao_strength_bps",),
        "brick_size": ("brick_min_bps", "brick_max_bps"),
        "confirmation": ("min_bricks_since_divergence",),
    },
    trading=Rules(ready, enter, place, trail, leave, describe, advance, warmup, memory=SIZE + KEPT),
)

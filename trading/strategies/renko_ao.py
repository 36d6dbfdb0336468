"""Renko + Awesome Oscillator: enters against the move when price and oscillator diverge."""

from __future__ import annotations

from . import common
from .base import Below, Feature, Group, Strategy
from .parameters import Integer, Number

# A table reads better in rows.
# fmt: off
_BRICKS = (
    common.candle_interval(60, "Length of the candles whose changes set the size of a brick."),
    Integer("renko_atr_period", 14, 1, common.LONGEST, unit="candles", group="bricks",
            help="Changes of closed candles whose mean is the measure of a brick."),
    Number("renko_atr_multiplier", 1.3, 0.1, 50, 0.1, log=True, unit="ratio", group="bricks",
           help="A larger factor draws larger, fewer bricks and hides more noise."),
    Number("renko_fixed_size", 0, 0, 1e9, unit="price", group="bricks", tuned=False,
           help="Draw every brick this large instead of measuring the market; 0 measures it."),
    Integer("renko_reversal_bricks", 2, 1, 10, unit="bricks", group="bricks",
            help="How many sizes the price must turn back before a brick the other way is drawn."),
    Number("brick_min_bps", 2.0, 0, 2000, 0.1, unit="bps", group="bricks",
           help="No entry while bricks are smaller than this share of the price."),
    Number("brick_max_bps", 12.0, 0.1, 5000, 0.1, log=True, unit="bps", group="bricks",
           help="No entry while bricks are larger than this share of the price."),
)
_SIGNAL = (
    Integer("renko_lookback", 30, 4, common.WINDOW, unit="bricks", group="signal",
            help="How far back the two swings of a divergence may lie."),
    Integer("ao_fast_period", 5, 1, common.LONGEST, unit="bricks", group="signal",
            help="Bricks in the short mean of the oscillator; fewer make it react sooner."),
    Integer("ao_slow_period", 34, 2, common.WINDOW, unit="bricks", group="signal",
            help="Bricks in the long mean that the short one is compared with."),
    Integer("bb_period", 20, 2, common.WINDOW, unit="bricks", group="signal",
            help="Number of brick closes behind the middle line and the width of the bands."),
    Number("bb_std", 2.0, 0.1, 10, 0.1, unit="standard deviations", group="signal",
           help="A larger factor widens the bands, so that fewer signals are near them."),
    Number("bb_enhancement_threshold", 0.3, -1, 1, 0.05, unit="ratio", group="signal",
           help="A signal this close to its band counts half as much again; 0 is on the band."),
    Number("min_divergence_strength", 0.08, 0, 1, 0.01, unit="ratio", group="signal",
           help="Smallest price gap between the two swings, in percent, that is worth a trade."),
    Number("min_ao_strength_bps", 1.0, 0, 1000, 0.1, unit="bps", group="signal",
           help="The oscillator must be at least this far from zero, as a share of the price."),
    Integer("min_bricks_since_divergence", 3, 1, 100, unit="bricks", group="signal",
            help="How many bricks must confirm the turn after the newer swing."),
)

STRATEGY = Strategy(
    key="renko_ao",
    title="Renko + Awesome Oscillator",
    summary="Trades against the move: on Renko bricks, price makes a new extreme that the Awesome "
            "Oscillator does not follow.",
    groups=(
        Group("bricks", "Bricks"), common.SIGNAL, common.EXITS, common.RISK,
        common.DISCIPLINE, common.SIZE,
    ),
    parameters=(
        *_BRICKS, *_SIGNAL,
        *common.bps_exits(take_profit=14, stop_loss=10),
        common.max_hold(10, "Close after this long, whatever the price does."),
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
        Feature("divergence_type", "category", "", "Bullish where the oscillator refused a low.",
                ("bullish", "bearish")),
        Feature("divergence_strength", "number", "ratio",
                "Price gap between the two swings in percent, 1 at most."),
        Feature("ao_value", "number", "price", "Awesome Oscillator on brick closes."),
        Feature("bb_position", "number", "ratio", "0 at the lower band, 1 at the upper."),
        Feature("atr_bps", "number", "bps", "Mean change per candle as a share of the price."),
        Feature("brick_size", "number", "price", "Height of the newest brick."),
        Feature("bricks_since_divergence", "number", "bricks", "Bricks after the newer swing."),
    ),
    filters=(
        "divergence", "divergence_strength", "ao_strength", "brick_size", "confirmation", "used",
    ),
    exit_reasons=("stop_loss", "take_profit", "time_stop", "ao_reversal"),
)

"""Breakout + momentum: enters when the price leaves its recent range and momentum agrees."""

from __future__ import annotations

from . import common
from .base import Below, Feature, Strategy
from .parameters import Integer, Number

# A table reads better in rows.
# fmt: off
_SIGNAL = (
    common.candle_interval(900, "Length of the candles that levels and indicators are drawn on."),
    Integer("breakout_lookback", 30, 2, common.LONGEST, unit="candles", group="signal",
            help="Closed candles whose highest high and lowest low must be broken."),
    Integer("ema_fast_period", 20, 1, common.WINDOW, unit="candles", group="signal",
            help="Fewer candles make the quick average follow the price more closely."),
    Integer("ema_slow_period", 50, 2, common.WINDOW, unit="candles", group="signal",
            help="More candles make the calm average, the trend's yardstick, turn later."),
    Integer("rsi_period", 14, 1, common.LONGEST, unit="candles", group="signal",
            help="Fewer candles make the RSI swing faster and further."),
    Number("rsi_bullish_threshold", 60, 0, 100, 0.5, unit="points", group="signal",
           help="A long needs an RSI above this; higher asks for more momentum."),
    Number("rsi_bearish_threshold", 40, 0, 100, 0.5, unit="points", group="signal",
           help="A short needs an RSI below this; lower asks for more momentum."),
    # The signal line needs slow + signal - 1 candles, which must fit in the window.
    Integer("macd_fast", 12, 1, 140, unit="candles", group="signal",
            help="Candles in the quick average of the MACD."),
    Integer("macd_slow", 26, 2, 150, unit="candles", group="signal",
            help="Candles in the average that the quick one is measured against."),
    Integer("macd_signal", 9, 1, 50, unit="candles", group="signal",
            help="Values averaged into the line that the MACD must be above for a long."),
    Integer("atr_period", 14, 1, common.LONGEST, unit="candles", group="signal",
            help="Candles behind the average range that stop, target and trailing are made of."),
    common.smoothing("How RSI and ATR are averaged: simple mean, or Wilder's as most charts draw."),
    Integer("bb_period", 20, 2, common.WINDOW, unit="candles", group="signal", tuned=False,
            help="Closes behind the recorded bb_width; it takes no part in the decision."),
    Number("bb_std", 2.0, 0.1, 10, 0.1, unit="standard deviations", group="signal", tuned=False,
           help="Factor behind the recorded bb_width; it takes no part in the decision."),
)
_VOLATILITY = (
    Number("vol_min_bps", 3.0, 0, 2000, 0.1, unit="bps", group="volatility",
           help="No entry while the market moves less than this per candle."),
    Number("vol_max_bps", 200, 0.1, 5000, 0.1, log=True, unit="bps", group="volatility",
           help="No entry while the market moves more than this per candle."),
    Number("min_atr_expansion", 1.1, 0, 10, 0.05, unit="ratio", group="volatility",
           help="The average range must have grown to this many times its recent mean; 0: any."),
)
_EXITS = (
    Number("take_profit_atr_multiplier", 2.5, 0.1, 100, 0.1, log=True, unit="ATR", group="exits",
           help="Distance from the entry price to the target, in average ranges at entry."),
    Number("stop_loss_atr_multiplier", 1.5, 0.1, 100, 0.1, log=True, unit="ATR", group="exits",
           help="Distance from the broken level to the stop, in average ranges at entry."),
    common.max_hold(60, "Close after this long, whatever the price does."),
    Number("no_movement_minutes", 30, 0.5, 43_200, 0.5, log=True, unit="minutes", group="exits",
           help="Close after this long if the trade is not in profit by then."),
)
_RISK = (
    Number("trailing_stop_activation_atr", 1.0, 0, 100, 0.1, unit="ATR", group="risk",
           help="Profit at which the stop begins to follow the price; 100 is as good as never."),
    Number("trailing_stop_distance_atr", 0.5, 0.1, 100, 0.1, log=True, unit="ATR", group="risk",
           help="Room left between the price and the stop that follows it; it only tightens."),
)

STRATEGY = Strategy(
    key="breakout",
    title="Breakout + momentum",
    summary="Trades the break of the recent range when volatility expands and RSI, MACD and both "
            "averages agree.",
    groups=(
        common.SIGNAL, common.VOLATILITY, common.EXITS, common.RISK, common.DISCIPLINE,
        common.SIZE,
    ),
    parameters=(
        *_SIGNAL, *_VOLATILITY, *_EXITS, *_RISK,
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
        Feature("breakout_type", "category", "", "Bullish above the range, bearish below it.",
                ("bullish", "bearish")),
        Feature("breakout_level", "number", "price", "The high or low that was broken."),
        Feature("rsi_value", "number", "points", "Relative strength index at the decision."),
        Feature("macd_value", "number", "price", "Quick average minus slow one."),
        Feature("macd_signal", "number", "price", "Average of the last MACD values."),
        Feature("macd_histogram", "number", "price", "MACD minus its signal line."),
        Feature("atr_expanding", "boolean", "", "The average range had grown as required."),
        Feature("bb_width", "number", "ratio", "Distance between the bands over their middle."),
        Feature("ema_fast", "number", "price", "Level of the quick average."),
        Feature("ema_slow", "number", "price", "Level of the calm average."),
    ),
    filters=(
        "volatility", "level", "rsi", "macd", "atr_expansion", "ema_alignment", "price_ema",
    ),
    exit_reasons=("stop_loss", "take_profit", "breakout_failure", "time_stop", "no_movement"),
)

"""RSI + Bollinger Bands: enters with the momentum, out of a zone of the bands."""

from __future__ import annotations

from . import common
from .base import Below, Feature, Group, Strategy
from .parameters import Integer, Number

# A table reads better in rows.
# fmt: off
_SIGNAL = (
    common.candle_interval(15, "Length of the candles that every indicator is drawn on."),
    Integer("ema_fast_period", 8, 1, common.WINDOW, unit="candles", group="signal",
            help="Fewer candles make the quick average follow the price more closely."),
    Integer("ema_slow_period", 21, 2, common.WINDOW, unit="candles", group="signal",
            help="More candles make the calm average, the trend's yardstick, turn later."),
    Integer("bb_period", 20, 2, common.WINDOW, unit="candles", group="signal",
            help="Number of closes behind the middle line and the width of the bands."),
    Number("bb_std", 2.0, 0.1, 10, 0.1, unit="standard deviations", group="signal",
           help="A larger factor widens the bands, so that the price reaches them less often."),
    Integer("rsi_period", 14, 1, common.LONGEST, unit="candles", group="signal",
            help="Fewer candles make the RSI swing faster and further."),
    Integer("atr_period", 14, 1, common.LONGEST, unit="candles", group="signal", tuned=False,
            help="Candles behind the recorded atr_bps; it takes no part in the decision."),
    common.smoothing("How RSI and ATR are averaged: simple mean, or Wilder's as most charts draw."),
    Integer("volume_ma_period", 20, 1, common.LONGEST, unit="candles", group="signal",
            help="Closed candles whose mean is taken as the normal trading volume."),
    Number("volume_multiplier", 1.2, 0, 20, 0.05, unit="ratio", group="signal",
           help="The newest closed candle must trade this many times the normal; 0 turns it off."),
    Number("rsi_bullish_threshold", 50, 0, 100, 0.5, unit="points", group="signal",
           help="The RSI must rise above this plus the required strength for a long; "
                "above this alone a short is closed."),
    Number("rsi_bearish_threshold", 50, 0, 100, 0.5, unit="points", group="signal",
           help="The RSI must fall below this minus the required strength for a short; "
                "below this alone a long is closed."),
    Number("rsi_momentum_strength", 10, 0, 50, 0.5, unit="points", group="signal",
           help="How far beyond its threshold the RSI must be before a trade is opened."),
    Number("trend_confirmation_bps", 2.0, 0, 1000, 0.1, unit="bps", group="signal",
           help="Smallest gap between the two averages that counts as a trend."),
)
_ZONES = (
    Number("bb_low_zone_min", 0.2, -1, 2, 0.05, unit="ratio", group="zones",
           help="Where the lower entry zone begins: 0 is the lower band, 1 the upper."),
    Number("bb_low_zone_max", 0.3, -1, 2, 0.05, unit="ratio", group="zones",
           help="Where the lower entry zone ends, on the same scale between the bands."),
    Number("bb_high_zone_min", 0.7, -1, 2, 0.05, unit="ratio", group="zones",
           help="Where the upper entry zone begins, on the same scale between the bands."),
    Number("bb_high_zone_max", 0.8, -1, 2, 0.05, unit="ratio", group="zones",
           help="Where the upper entry zone ends; both zones serve longs and shorts."),
)
_VOLATILITY = (
    Number("vol_min_bps", 2.0, 0, 2000, 0.1, unit="bps", group="volatility",
           help="No entry while the market moves less than this per candle."),
    Number("vol_max_bps", 25.0, 0.1, 5000, 0.1, log=True, unit="bps", group="volatility",
           help="No entry while the market moves more than this per candle."),
    Number("vol_optimal_min", 3.0, 0, 2000, 0.1, unit="bps", group="volatility",
           help="After two losses in a row, no entry while the market is calmer than this."),
)

STRATEGY = Strategy(
    key="rsi_bb",
    title="RSI + Bollinger Bands",
    aliases=("mean_reversion",),
    summary="Trades with the momentum: RSI beyond its threshold, price in a zone of the Bollinger "
            "Bands, averages and recent candles agreeing.",
    groups=(
        common.SIGNAL, Group("zones", "Zones of the bands"), common.VOLATILITY,
        common.EXITS, common.RISK, common.DISCIPLINE, common.SIZE,
    ),
    parameters=(
        *_SIGNAL, *_ZONES, *_VOLATILITY,
        *common.bps_exits(take_profit=8.0, stop_loss=4.0),
        common.max_hold(3, "Close after this long; candles under a minute shorten it in proportion "
                           "(3 minutes on 15 s candles are 45 s)."),
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
        Feature("rsi_value", "number", "points", "Relative strength index at the decision."),
        Feature("bb_position", "number", "ratio", "0 at the lower band, 1 at the upper."),
        Feature("atr_bps", "number", "bps", "Average true range as a share of the price."),
        Feature("ema_fast", "number", "price", "Level of the quick average."),
        Feature("ema_slow", "number", "price", "Level of the calm average."),
        Feature("ema_trend_strength_bps", "number", "bps", "Gap between the two averages."),
        Feature("volume_ratio", "number", "ratio",
                "The newest closed candle against the normal volume."),
        Feature("recent_momentum", "category", "", "Which way most of the last 3 candles began.",
                ("up", "down", "mixed")),
    ),
    filters=(
        "volatility", "losing_streak", "volume", "rsi", "bb_zone", "trend", "trend_strength",
        "momentum",
    ),
    exit_reasons=("stop_loss", "take_profit", "time_stop", "trend_reversal"),
    replayable=True,
)

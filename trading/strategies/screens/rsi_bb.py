"""RSI + Bollinger Bands: its volatility, volume and RSI filters for many bars at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.strategies.base import Screen
from trading.strategies.common import SIMPLE
from trading.strategies.engine.tape import Tape

from .filters import screen_rsi, screen_volatility, screen_volume, still_rsi, unknown

MOVES, RETURNS, VOLUMES = range(3)  # rows of the series, as the strategy's ``prepare`` fills them

SCREENS = (
    Screen("volatility", ("vol_min_bps", "vol_max_bps", "vol_optimal_min")),
    Screen("volume", ("volume_multiplier", "volume_ma_period")),
    Screen(
        "rsi",
        (
            "rsi_period",
            "smoothing",
            "rsi_bullish_threshold",
            "rsi_bearish_threshold",
            "rsi_momentum_strength",
        ),
    ),
)
STAYS = (
    "rsi_period",
    "smoothing",
    "rsi_bullish_threshold",
    "rsi_bearish_threshold",
    "enable_trailing_stop",
)


def screen(t: Tape, part: int, first: int, at: int, p: Any, out: NDArray[np.int8]) -> None:
    """The filters from the volatility to the RSI; whether losses count is not known before."""
    if part == 0:
        screen_volatility(
            t.closes,
            first,
            t.series[RETURNS][at:],
            p.vol_min_bps,
            p.vol_max_bps,
            p.vol_optimal_min,
            out,
        )
    elif part == 1:
        wanted = p.volume_multiplier / p.volume_ma_period
        screen_volume(t.volumes, first, t.series[VOLUMES][at:], wanted, out)
    elif p.smoothing == SIMPLE:
        screen_rsi(
            t.closes,
            first,
            p.rsi_period,
            t.series[MOVES][at:],
            p.rsi_bearish_threshold - p.rsi_momentum_strength,
            p.rsi_bullish_threshold + p.rsi_momentum_strength,
            out,
        )
    else:
        unknown(out.size, 2 * out.size, out)


def still(t: Tape, first: int, at: int, p: Any, out: NDArray[np.int8]) -> None:
    """Where the RSI did not turn against a position; a stop that follows must be asked."""
    if p.smoothing != SIMPLE or p.enable_trailing_stop != 0:
        out[:] = 0
        return
    still_rsi(
        t.closes,
        first,
        p.rsi_period,
        t.series[MOVES][at:],
        p.rsi_bearish_threshold,
        p.rsi_bullish_threshold,
        out,
    )

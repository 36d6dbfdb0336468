"""Breakout + momentum: its volatility and level filters for many bars at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.strategies.base import Screen
from trading.strategies.engine.tape import BLOCKS, PASSES, Tape

from .filters import screen_volatility

RETURNS, HIGHEST, LOWEST = 1, 2, 3  # rows of the series, as the strategy's ``prepare`` fills them

SCREENS = (
    Screen("volatility", ("vol_min_bps", "vol_max_bps")),
    Screen("level", ("breakout_lookback",)),
)


def screen(t: Tape, part: int, first: int, at: int, p: Any, out: NDArray[np.int8]) -> None:
    """Volatility and level."""
    if part == 0:
        screen_volatility(
            t.closes, first, t.series[RETURNS][at:], p.vol_min_bps, p.vol_max_bps, 0.0, out
        )
    else:
        now, high, low = (
            t.closes[first : first + out.size],
            t.series[HIGHEST][at:],
            t.series[LOWEST][at:],
        )
        for i in range(out.size):
            out[i] = BLOCKS if (now[i] <= high[i]) & (now[i] >= low[i]) else PASSES

"""Compile the rules of strategies, so that the first replay need not wait for it.

What is compiled stays on disk, for every process that comes later.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from trading.strategies.base import Strategy

from .compiled import have_numba
from .walk import Walk, prices

INTERVAL = 60


def warm(strategies: Iterable[Strategy]) -> int:
    """Walk with each strategy; how many there are."""
    if not have_numba():
        return 0
    found = [one for one in strategies if one.replayable]
    # A leap of a candle in the middle: what is compiled for irregular bars is wanted too.
    times = INTERVAL * np.delete(np.arange(401.0), 200)
    bars = prices(times, 100.0 + np.mod(np.arange(400.0), 7.0))
    for strategy in found:
        values = strategy.clean({"candle_interval_seconds": INTERVAL})
        Walk(strategy, values, INTERVAL).take(bars)
    return len(found)

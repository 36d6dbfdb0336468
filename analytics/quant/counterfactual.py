"""What a change of parameters did: the new values beside the old ones on the same candles.

Both are replayed on what came after the change, so that the market is the same for both; what a
live trade usually makes less than the replay says (the gap) is taken from each trade of either
side. Days are the unit of chance, and the interval uses Student's t over them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.ledger import effect

Floats = NDArray[np.float64]

DAY = 86_400
LEVEL = 0.90


@dataclass(frozen=True, slots=True)
class Shadow:
    """Percent a day of the new and the old values, their difference, and its 90 % interval: None
    with fewer than 2 days, or where the days do not differ. ``gap`` is live less replay, a trade.
    """

    new: float
    old: float
    effect: float
    low: float | None
    high: float | None
    days: int
    new_trades: int
    old_trades: int
    gap: float


def paired(
    new_left: Floats,
    new_result: Floats,
    old_left: Floats,
    old_result: Floats,
    *,
    since: float,
    until: float,
    gap: float = 0.0,
) -> Shadow | None:
    """Of trades left in ``since`` <= moment < ``until`` (seconds since 1970), results in percent:
    shapes (n,) and (m,). Every UTC day that the time touches counts. None for no time."""
    if until <= since:
        return None
    first = int(since // DAY)
    days = math.ceil(until / DAY) - first
    new, new_count = _daily(new_left, new_result, first, days)
    old, old_count = _daily(old_left, old_result, first, days)
    new, old = new + gap * new_count, old + gap * old_count
    away = new - old
    mean = float(away.mean())
    low = high = None
    if days > 1 and (spread := float(np.std(away, ddof=1))) > 0.0:
        reach = effect.t_quantile(0.5 + LEVEL / 2, days - 1) * spread / math.sqrt(days)
        low, high = mean - reach, mean + reach
    return Shadow(
        float(new.mean()),
        float(old.mean()),
        mean,
        low,
        high,
        days,
        int(new_count.sum()),
        int(old_count.sum()),
        gap,
    )


def _daily(left: Floats, result: Floats, first: int, days: int) -> tuple[Floats, Floats]:
    """The sum and the number of each day's trades."""
    at = np.clip((left // DAY).astype(np.int64) - first, 0, days - 1)
    sums = np.bincount(at, weights=result, minlength=days).astype(np.float64)
    return sums, np.bincount(at, minlength=days).astype(np.float64)

"""The unit u in which results are compared: what a trade made, in units of what it risked.

u = PnL % / initial risk %, where the first stop is known; else PnL % / the standard deviation of
the 500 trades before its day. The scale of a day is known when the day begins, so that a day's
own luck never shrinks it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRAILING = 500
FEWEST = 20  # trades before there is a scale of one's own


def trailing_sd(before: Floats, prior: float | None = None) -> float | None:
    """Standard deviation (ddof 1) of the newest 500 of the trades ``before`` a day, in time order.

    ``before``: PnL %, shape (n,). With fewer than 20 trades the answer is ``prior`` (a replay's),
    or None: evidence starts later. None too where all results are equal.
    """
    newest = before[-TRAILING:]
    if newest.size < FEWEST:
        return prior
    sd = float(np.std(newest, ddof=1))
    return sd if sd > 1e-12 * float(np.max(np.abs(newest))) else None


def risk_pct(entry: Floats, stop: Floats) -> Floats:
    """Initial risk in percent of the entry price, shape (n,); NaN where no stop is known or it
    stands at the entry."""
    risk = np.abs(entry - stop) / entry * 100.0
    return np.where(risk > 0, risk, np.nan)


def in_units(r: Floats, risk: Floats, sd: float | None) -> Floats:
    """u of each trade of a day, shape (n,); NaN where neither the risk nor a scale is known."""
    scale = np.where(np.isnan(risk), np.nan if sd is None else sd, risk)
    return np.asarray(r / scale, dtype=np.float64)


def of_days(day: Ints, r: Floats, risk: Floats, before: Floats) -> Floats:
    """u of trades of many days, shape (n,), in time order; each day's scale rests on the 500
    trades before it, of which ``before``, PnL % in time order, came before all of these."""
    whole = np.concatenate((before, r))
    u = np.empty(r.size)
    starts = np.flatnonzero(np.diff(day, prepend=day[:1] - 1))
    for first, end in zip(starts.tolist(), [*starts[1:].tolist(), r.size], strict=False):
        sd = trailing_sd(whole[: before.size + first])
        u[first:end] = in_units(r[first:end], risk[first:end], sd)
    return u

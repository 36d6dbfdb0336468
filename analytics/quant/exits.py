"""How good exits were: what trades had reached, and what other targets and stops would have made.

MFE and MAE are the best and the worst unrealised result while a trade was open, both in percent of
the entry price and positive. They do not say which came first, nor what came after the exit. So
every what-if has two answers: a pessimistic one, in which the stop comes first, and an optimistic
one, in which the target does. The truth lies between them as far as it follows from these trades.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST = 20  # trades that a what-if is told from
GRID = (0.2, 0.4, 0.6, 0.8, 0.9)  # quantiles of what trades reached, as targets and stops


@dataclass(frozen=True, slots=True)
class Paths:
    """Closed trades, shape (n,): ``r`` net PnL and ``gross`` PnL before costs, ``mfe`` and
    ``mae``, all in percent of the entry price (NaN where unknown); ``stop``: distance of the first
    stop, NaN where unknown; ``at_target`` and ``at_stop``: whether it was left there;
    ``to_mfe`` and ``held`` in seconds."""

    r: Floats
    gross: Floats
    mfe: Floats
    mae: Floats
    stop: Floats
    at_target: Mask
    at_stop: Mask
    to_mfe: Floats
    held: Floats

    def __len__(self) -> int:
        return int(self.r.size)

    def take(self, rows: NDArray[np.int64] | Mask) -> Paths:
        return Paths(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Quality:
    """Averages over the trades whose MFE and MAE are known; None where there is none.

    ``left_pct``: MFE less the result, left on the table; ``pain_pct``: MAE; ``edge_captured``:
    mean result / mean MFE; times in seconds; ``went_green``: share of losers (result < 0) whose
    MFE was at least as large as their loss.
    """

    trades: int
    known: int
    avg_pnl_pct: float | None
    mfe_pct: float | None
    pain_pct: float | None
    left_pct: float | None
    edge_captured: float | None
    to_mfe_seconds: float | None
    hold_seconds: float | None
    went_green: float | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Trades with a target and a stop in percent of the entry price (None: as they were).

    ``low`` and ``high`` bound the average net PnL %; ``now`` is what the same trades made.
    ``undecided``: trades for which the two differ. ``high`` or ``low`` is None where some of them
    went on to nobody knows where (the target or stop that was in place is not recorded).
    """

    target: float | None
    stop: float | None
    trades: int
    now: float
    low: float | None
    high: float | None
    undecided: int


def quality(paths: Paths) -> Quality:
    known = ~(np.isnan(paths.mfe) | np.isnan(paths.mae))
    some = paths.take(known)
    mfe, result = _mean(some.mfe), _mean(some.r)
    losers = some.r < 0
    return Quality(
        len(paths), len(some), _mean(paths.r), mfe, _mean(some.mae), _mean(some.mfe - some.r),
        result / mfe if mfe and result is not None else None, _mean(paths.to_mfe),
        _mean(paths.held), _mean((some.mfe >= -some.r)[losers].astype(np.float64)),
    )  # fmt: skip


def _mean(values: Floats) -> float | None:
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else None


def what_if(paths: Paths, target: float | None, stop: float | None) -> WhatIf | None:
    """The trades whose MFE and MAE are known with another target, another stop or both; None
    with fewer than 20 of them."""
    some = paths.take(~(np.isnan(paths.mfe) | np.isnan(paths.mae)))
    if len(some) < FEWEST:
        return None
    hits = some.mfe >= target if target is not None else np.zeros(len(some), dtype=bool)
    stops = some.mae >= stop if stop is not None else np.zeros(len(some), dtype=bool)
    cost = some.gross - some.r
    gain = np.full(len(some), np.nan if target is None else target) - cost
    loss = (-some.stop if stop is None else np.full(len(some), -stop)) - cost
    low, high = some.r.copy(), some.r.copy()
    low[hits], high[hits] = gain[hits], gain[hits]
    low[stops] = loss[stops]
    high[stops & ~hits] = loss[stops & ~hits]
    # Left at a target or stop that is gone: the trade would have gone on.
    gone = (some.at_target if target is not None else False) | (
        some.at_stop if stop is not None else False
    )
    on = gone & ~hits & ~stops
    low[on], high[on] = loss[on], gain[on]
    return WhatIf(
        target, stop, len(some), float(some.r.mean()), _whole_mean(low), _whole_mean(high),
        int((low != high).sum()),
    )  # fmt: skip


def _whole_mean(values: Floats) -> float | None:
    mean = float(values.mean())
    return None if math.isnan(mean) else mean


def grid(paths: Paths) -> tuple[list[float], list[float]]:
    """Targets and stops worth asking for, ascending: quantiles of what the trades reached."""
    known = ~(np.isnan(paths.mfe) | np.isnan(paths.mae))
    if int(known.sum()) < FEWEST:
        return [], []
    return _steps(paths.mfe[known]), _steps(paths.mae[known])


def _steps(values: Floats) -> list[float]:
    found = {float(f"{value:.2g}") for value in np.quantile(values, GRID).tolist()}
    return sorted(value for value in found if value > 0)


def what_ifs(
    paths: Paths, targets: Sequence[float | None], stops: Sequence[float | None]
) -> list[WhatIf]:
    """Every target with every stop, None among them being as it was."""
    found = [what_if(paths, target, stop) for target in targets for stop in stops]
    return [one for one in found if one is not None]

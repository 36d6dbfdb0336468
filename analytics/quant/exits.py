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

from trading.ledger import effect
from trading.ledger.metrics import Daily

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST, FEWEST_DAYS = 20, 5  # that a what-if and its interval are told from
TIGHT = 0.1
GRID = (0.2, 0.4, 0.6, 0.8, 0.9)  # quantiles of what trades reached, as targets and stops


@dataclass(frozen=True, slots=True)
class Paths:
    """Closed trades, shape (n,): ``r`` net PnL and ``gross`` PnL before costs; ``mfe`` and
    ``mae`` that were reached at least, and at most (the same where a bot recorded them), all in
    percent of the entry price (NaN where unknown); ``stop``: distance of the first stop, NaN where
    unknown; ``at_target`` and ``at_stop``: whether it was left there; ``to_mfe`` and ``held`` in
    seconds; ``day`` of the exit."""

    r: Floats
    gross: Floats
    mfe: Floats
    mae: Floats
    mfe_most: Floats
    mae_most: Floats
    stop: Floats
    at_target: Mask
    at_stop: Mask
    to_mfe: Floats
    held: Floats
    day: Ints

    def __len__(self) -> int:
        return int(self.r.size)

    @property
    def known(self) -> Mask:
        return np.asarray(~(np.isnan(self.mfe) | np.isnan(self.mae)))

    def take(self, rows: NDArray[np.int64] | Mask) -> Paths:
        return Paths(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Quality:
    """Averages over the trades whose MFE and MAE are known; None where there is none.

    ``left_pct``: MFE less the result, left on the table; ``pain_pct``: MAE; ``*_most_pct``: the
    same by what was reached at most; ``edge_captured``: mean result / mean MFE, None where the
    two MFE differ by more than a tenth; ``went_green``: share of losers whose MFE was at least as
    large as their loss; times in seconds, ``to_mfe_seconds`` over the trades that have it and
    ``avg_pnl_pct`` and ``hold_seconds`` over all.
    """

    trades: int
    known: int
    avg_pnl_pct: float | None
    mfe_pct: float | None
    mfe_most_pct: float | None
    pain_pct: float | None
    pain_most_pct: float | None
    left_pct: float | None
    left_most_pct: float | None
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
    ``change_low`` and ``change_high`` bound the change of the average with chance counted too: the
    lower end of the interval of the pessimistic one, the upper end of that of the optimistic one,
    at 95 % for all that were asked for together; days are the unit of chance, and with trades on
    fewer than 5 both are None.
    """

    target: float | None
    stop: float | None
    trades: int
    now: float
    low: float | None
    high: float | None
    undecided: int
    change_low: float | None
    change_high: float | None


def quality(paths: Paths) -> Quality:
    some = paths.take(paths.known)
    mfe, most, result = _mean(some.mfe), _mean(some.mfe_most), _mean(some.r)
    tight = mfe is not None and most is not None and mfe > 0 and most - mfe <= TIGHT * mfe
    losers = some.take(some.r < 0)
    return Quality(
        len(paths),
        len(some),
        _mean(paths.r),
        mfe,
        most,
        _mean(some.mae),
        _mean(some.mae_most),
        _mean(some.mfe - some.r),
        _mean(some.mfe_most - some.r),
        result / mfe if tight and mfe and result is not None else None,
        _mean(some.to_mfe),
        _mean(paths.held),
        _mean((losers.mfe >= -losers.r).astype(np.float64)),
    )


def _mean(values: Floats) -> float | None:
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else None


def what_if(
    paths: Paths, target: float | None, stop: float | None, looks: int = 1
) -> WhatIf | None:
    """The trades whose MFE and MAE are known with another target, another stop or both; None
    with fewer than 20 of them. ``looks``: how many are asked for together.

    A trade that reached the new target or stop ends there, paying what it paid; one that reached
    both, or perhaps reached one, has two answers. One that reached neither ends as it did, unless
    it was left at the target or stop that is now elsewhere: it goes on to either end.
    """
    some = paths.take(paths.known)
    if len(some) < FEWEST:
        return None
    hits, may_hit = _reached(target, some.gross, some.mfe, some.mfe_most)
    stops, may_stop = _reached(stop, -some.gross, some.mae, some.mae_most)
    cost = some.gross - some.r
    gain = np.full(len(some), np.nan if target is None else target) - cost
    loss = (-some.stop if stop is None else np.full(len(some), -stop)) - cost
    on = (some.at_target & (target is not None)) | (some.at_stop & (stop is not None))
    stays = ~(hits | stops)
    low, high = (
        choose.reduce(
            [
                np.where(may_hit, gain, none),
                np.where(may_stop, loss, none),
                np.where(stays, np.where(on, end, some.r), none),
            ]
        )
        for choose, none, end in ((np.minimum, np.inf, loss), (np.maximum, -np.inf, gain))
    )
    return WhatIf(
        target,
        stop,
        len(some),
        float(some.r.mean()),
        _whole_mean(low),
        _whole_mean(high),
        int((low != high).sum()),
        _bound(low - some.r, some.day, -1, looks),
        _bound(high - some.r, some.day, 1, looks),
    )


def _bound(change: Floats, day: Ints, sign: int, looks: int) -> float | None:
    """The mean change less (sign -1) or plus (1) what chance may add, days being its unit."""
    if np.isnan(change).any():
        return None
    _, place = np.unique(day, return_inverse=True)
    daily = Daily(np.bincount(place, change).astype(np.float64), np.bincount(place))
    found = effect.mean(daily)
    if found is None or found.variance is None or found.days < FEWEST_DAYS:
        return None
    reach = effect.t_quantile(1 - 0.025 / looks, found.days - 1)
    return found.mean + sign * reach * math.sqrt(found.variance)


def _reached(
    level: float | None, at_exit: Floats, least: Floats, most: Floats
) -> tuple[Mask, Mask]:
    """Whether each trade came to a level for certain, and whether it may have."""
    if level is None:
        none = np.zeros(least.size, dtype=bool)
        return none, none
    sure = np.maximum(least, at_exit) >= level
    return sure, sure | (most >= level)


def _whole_mean(values: Floats) -> float | None:
    mean = float(values.mean())
    return None if math.isnan(mean) else mean


def grid(paths: Paths) -> tuple[list[float], list[float]]:
    """Targets and stops worth asking for, ascending: quantiles of what the trades reached."""
    known = paths.known
    if int(known.sum()) < FEWEST:
        return [], []
    return _steps(paths.mfe_most[known]), _steps(paths.mae_most[known])


def _steps(values: Floats) -> list[float]:
    found = {float(f"{value:.2g}") for value in np.quantile(values, GRID).tolist()}
    return sorted(value for value in found if value > 0)


def what_ifs(
    paths: Paths, targets: Sequence[float | None], stops: Sequence[float | None]
) -> list[WhatIf]:
    """Every target with every stop, None among them being as it was."""
    looks = len(targets) * len(stops)
    found = [what_if(paths, target, stop, looks) for target in targets for stop in stops]
    return [one for one in found if one is not None]

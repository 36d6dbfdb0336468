"""Whether two arms of an experiment differ: their average trades, and how sure the gap is.

The day is the unit of chance. Arms that took turns on the same days are compared day by day, so
that what a day did to both cancels: the variance is the jackknife's over days, each left out of
both arms at once (Efron and Tibshirani 1993, chapter 11). Where several arms are held against the
control, the chance of an error is divided among them (Bonferroni). Arms that followed one another
are two stretches of days (``effect``): what the market did between them is part of the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .effect import effect, t_quantile
from .metrics import Daily

LEVEL = 0.95
POWER_Z = 0.8416212335729143  # 4 of 5 times
FEWEST_DAYS = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """The average trade of an arm less the control's, in percentage points. ``low`` and ``high``
    bound the true difference in 95 of 100 experiments, ``error`` is its standard error; None with
    too few days."""

    difference: float
    trades: tuple[int, int]
    days: int
    error: float | None
    low: float | None
    high: float | None
    comparisons: int = 1

    @property
    def beyond_chance(self) -> bool:
        """Whether 0 lies outside the interval, which needs trades on 5 days at least."""
        if self.low is None or self.high is None or self.days < FEWEST_DAYS:
            return False
        return self.low > 0 or self.high < 0

    def trades_needed(self) -> int | None:
        """Trades of each arm at which a true difference of this size is detected 4 times in 5.

        None where that is unknown, or no number would do.
        """
        if not self.error or not self.difference:
            return None
        z = _z(1 - (1 - LEVEL) / self.comparisons / 2) + POWER_Z
        times = (z * self.error / self.difference) ** 2
        # What one arm has more of does not make up for what the other lacks.
        per_arm = 2 / (1 / self.trades[0] + 1 / self.trades[1])
        needed = times * per_arm
        return math.ceil(needed) if needed < 1e9 else None


def paired(control: Daily, arm: Daily, comparisons: int = 1) -> Difference | None:
    """Arms that took turns, both by day from the same day on; None where either has no trade."""
    size = max(control.trades.size, arm.trades.size)
    sums = [(_filled(side.totals, size), _filled(side.trades, size)) for side in (control, arm)]
    counts = [float(trades.sum()) for _, trades in sums]
    if not counts[0] or not counts[1]:
        return None
    means = [float(totals.sum()) / count for (totals, _), count in zip(sums, counts, strict=True)]
    active = (sums[0][1] > 0) | (sums[1][1] > 0)
    days = int(active.sum())
    error = _joint_error(sums, means, counts, active)
    # Days bring the arms different numbers of trades, so they do not all say the same: counted
    # whole, 25 days with common shocks claimed a difference in 6.3 instead of 5 of 100 cases.
    freedom = (days - 1) / 2
    return _difference(
        means[1] - means[0], (int(counts[0]), int(counts[1])), days, error, freedom, comparisons
    )


def _filled(values: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate((values, np.zeros(size - values.size, values.dtype)))


def _joint_error(
    sums: list[tuple[np.ndarray, np.ndarray]],
    means: list[float],
    counts: list[float],
    active: np.ndarray,
) -> float | None:
    """Standard error of the difference; None where a day holds all trades of an arm."""
    days = int(active.sum())
    moves = []
    for (totals, trades), average, count in zip(sums, means, counts, strict=True):
        rest = count - trades[active]
        if days < 2 or (rest <= 0).any():
            return None
        moves.append((totals[active] - average * trades[active]) / rest)
    gap = moves[1] - moves[0]
    return math.sqrt(float((gap * gap).sum()) * (days - 1) / days)


def followed(before: Daily, after: Daily) -> Difference | None:
    """A stretch of days and one after it; None where either has no trade."""
    change = effect(before, after)
    if change is None:
        return None
    days = min(change.before.days, change.after.days)
    trades = change.before.trades, change.after.trades
    return _difference(change.difference, trades, days, change.error, change.freedom, 1)


def _difference(
    difference: float,
    trades: tuple[int, int],
    days: int,
    error: float | None,
    freedom: float | None,
    comparisons: int,
) -> Difference:
    if not error or not freedom:
        return Difference(difference, trades, days, error, None, None, comparisons)
    reach = t_quantile(1 - (1 - LEVEL) / comparisons / 2, freedom) * error
    return Difference(
        difference, trades, days, error, difference - reach, difference + reach, comparisons
    )


def _z(share: float) -> float:
    return t_quantile(share, 1e7)


def unlike(asked: list[int], blocks: list[int]) -> float:
    """How probable it is that a bot which asks in every block alike asks as unevenly as it did:
    of ``blocks`` that each arm had, it asked in ``asked``. Pearson's chi-square with as many
    degrees of freedom as arms less one; 1 where nothing can be said."""
    whole, met = sum(blocks), sum(asked)
    if not 0 < met < whole or min(blocks) == 0:
        return 1.0
    share = met / whole
    square = sum(
        (arm_asked - share * count) ** 2 / (share * (1 - share) * count)
        for arm_asked, count in zip(asked, blocks, strict=True)
    )
    return _chi_square_above(square, len(blocks) - 1)


def _chi_square_above(value: float, freedom: int) -> float:
    """P(X > value) of chi-square (Abramowitz and Stegun 1964, 26.4.4 and 26.4.5)."""
    half = value / 2
    if freedom % 2:
        probability, term = (
            math.erfc(math.sqrt(half)),
            math.exp(-half) / math.sqrt(math.pi * half or 1),
        )
        for step in range(1, freedom, 2):
            term *= half / (step / 2)
            probability += term
        return min(probability, 1.0)
    probability, term = 0.0, math.exp(-half)
    for step in range(freedom // 2):
        term *= half / step if step else 1.0
        probability += term
    return min(probability, 1.0)

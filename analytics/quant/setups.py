"""Which setups are truly better or worse than the rest, after having looked at all of them.

A setup is a set of trades that share a fact known at their entry (the hour, a band of the RSI, or
two facts at once). The best of many is mostly the luckiest: its average is shrunk towards that of
the strategy by what all setups together say of how much setups differ, and it is named only
where its sign is sure. Empirical Bayes with a mixture prior around zero (Stephens 2017, "False
discovery rates: a new deal"); of selection it needs no further correction (Efron 2011).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SURE = 0.10  # a setup is named where the chance that its sign is the other one is smaller
FEWEST_TRADES, FEWEST_DAYS = 20, 10
POOLED_DAYS = 20  # a setup's own scatter counts for days / (days + this)
NULL_WEIGHT = 10.0  # how many further setups without effect the prior is taken to have seen
ROUNDS, ENOUGH = 2_000, 1e-7
_Z95 = 1.959963984540054
_TELLS = 7.85  # (1.96 + 0.84) ** 2: told from nothing at 5 % in 4 of 5 cases


@dataclass(frozen=True, slots=True)
class Setups:
    """What is known of each setup, shape (setups,) each; NaN where it has too few trades (20) or
    days (10).

    In the unit of the sums: ``mean`` of its trades as they are; ``excess`` over the mean of all
    trades, with its standard error ``error``; ``shrunk`` the excess that is to be expected of it
    from now on, between ``low`` and ``high`` with a chance of 95 %. ``wrong_sign`` is the chance
    that the true excess is zero or of the other sign (the local false sign rate).
    """

    mean: Floats
    excess: Floats
    error: Floats
    shrunk: Floats
    low: Floats
    high: Floats
    wrong_sign: Floats

    @property
    def named(self) -> NDArray[np.bool_]:
        """Those that may be called better or worse than the rest."""
        return np.asarray(self.wrong_sign < SURE)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the days of each setup add up to, shape (setups,) each: ``trades``, ``days`` with
    trades, the sum of their results, and ``residual``: the squares of what each day's sum is away
    from the setup's mean times the day's trades."""

    trades: Floats
    days: Floats
    total: Floats
    residual: Floats

    @property
    def mean(self) -> Floats:
        return np.asarray(self.total / np.where(self.trades > 0, self.trades, np.nan))


def sums(n: Floats, total: Floats) -> Sums:
    """Of trades ``n`` and sums ``total`` of each setup by day, shape (setups, days)."""
    trades, whole = n.sum(axis=1), total.sum(axis=1)
    mean = whole / np.where(trades > 0, trades, 1.0)
    residual = np.square(total - mean[:, None] * n).sum(axis=1)
    return Sums(trades, np.asarray((n > 0).sum(axis=1), dtype=np.float64), whole, residual)


def judge(n: Floats, total: Floats, whole_n: Floats, whole_total: Floats) -> Setups:
    """Trades ``n`` and sums ``total`` of each setup by day, shape (setups, days); of all trades
    by day, shape (days,). Setups may overlap. The day is the unit of independence."""
    whole = float(whole_n.sum())
    return judge_sums(sums(n, total), float(whole_total.sum()) / whole if whole else math.nan)


def judge_sums(found: Sums, common: float) -> Setups:
    """The same from sums, against the mean of all trades (NaN where there is none)."""
    if math.isnan(common) or not found.trades.size:
        none = np.full(found.trades.size, np.nan)
        return Setups(none, none, none, none, none, none, none)
    mean = found.mean
    excess = mean - common
    error = _errors(found, excess)
    known = (found.trades >= FEWEST_TRADES) & (found.days >= FEWEST_DAYS) & (error > 0)
    shrunk, low, high, wrong = (np.full(mean.size, np.nan) for _ in range(4))
    if known.any():
        shrunk[known], low[known], high[known], wrong[known] = shrink(excess[known], error[known])
    mean, excess, error = (np.where(known, array, np.nan) for array in (mean, excess, error))
    return Setups(mean, excess, error, shrunk, low, high, wrong)


def _errors(found: Sums, excess: Floats) -> Floats:
    """Standard errors of the means: of whole days, and the fewer the days, the nearer to what all
    setups together say, since a spread from few days is itself a guess. What is still guessed
    makes them larger, the more so the further out an excess lies: as if Student's t, with the
    degrees of freedom of Satterthwaite (1946), were normal (Wallace 1959)."""
    trades, days = found.trades, found.days
    pooled = float(found.residual.sum() / max(trades.sum(), 1.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = days / (days + POOLED_DAYS)
        own = share * found.residual * days / (days - 1) / trades
        both = own + (1 - share) * pooled
        error = np.sqrt(both / trades)
        freedom = np.square(both / own) * (days - 1)
        t2 = np.square(excess / error)
        z2 = freedom * np.log1p(t2 / freedom) * np.square((8 * freedom + 1) / (8 * freedom + 3))
        return np.asarray(np.where(t2 > 0, error * np.sqrt(t2 / z2), error))


def shrink(excess: Floats, error: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Expected true values, their 95 % bounds and the chance that the sign is wrong, each of
    shape (setups,), from values with standard errors > 0."""
    widths = _widths(excess, error)
    spread = np.square(error)[:, None] + np.square(widths)[None, :]
    logs = -0.5 * (np.square(excess)[:, None] / spread + np.log(spread))
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    belongs = density * _weights(density)
    belongs /= belongs.sum(axis=1, keepdims=True)
    pull = np.square(widths)[None, :] / spread
    centre, width = pull * excess[:, None], np.sqrt(pull) * error[:, None]
    below = _share_below(np.zeros(excess.size), centre, width, belongs)
    nothing = belongs[:, 0]
    wrong = np.clip(np.minimum(below + nothing, 1 - below), 0.0, 1.0)
    expected = (belongs * centre).sum(axis=1)
    low, high = (_quantile(share, centre, width, belongs) for share in (0.025, 0.975))
    # Where nearly all belief is in no effect, the little that is not may pull the mean outside.
    return expected, np.minimum(low, expected), np.maximum(high, expected), wrong


def _widths(excess: Floats, error: Floats) -> Floats:
    """Standard deviations of the prior's parts, the first of them 0: no effect at all."""
    smallest = float(error.min()) / 10
    largest = 2 * math.sqrt(max(float((np.square(excess) - np.square(error)).max()), 0.0))
    steps = math.ceil(2 * math.log2(max(largest / smallest, 2.0)))
    return np.asarray([0.0, *(smallest * 2 ** (step / 2) for step in range(1, steps + 1))])


def _weights(density: Floats) -> Floats:
    """Shares of the prior's parts that make the values most likely, by EM; shape (parts,)."""
    bonus = np.zeros(density.shape[1])
    bonus[0] = NULL_WEIGHT
    weights = np.full(density.shape[1], 1 / density.shape[1])
    for _ in range(ROUNDS):
        belongs = density * weights
        belongs /= belongs.sum(axis=1, keepdims=True)
        new = belongs.sum(axis=0) + bonus
        new /= new.sum()
        if np.abs(new - weights).max() < ENOUGH:
            return np.asarray(new)
        weights = new
    return weights


def _share_below(at: Floats, centre: Floats, width: Floats, belongs: Floats) -> Floats:
    """P(true value < at) of each setup; the part without effect lies at 0, not below it."""
    from scipy.special import ndtr  # not at start: the web process rarely needs it

    with np.errstate(invalid="ignore", divide="ignore"):
        z = (at[:, None] - centre[:, 1:]) / width[:, 1:]
    return np.asarray((belongs[:, 1:] * ndtr(z)).sum(axis=1) + belongs[:, 0] * (at > 0))


def _quantile(share: float, centre: Floats, width: Floats, belongs: Floats) -> Floats:
    """The value below which lies ``share`` of each setup's posterior, by bisection."""
    reach = 10 * float(width.max()) + float(np.abs(centre).max())
    low, high = np.full(centre.shape[0], -reach), np.full(centre.shape[0], reach)
    for _ in range(50):
        middle = (low + high) / 2
        under = _share_below(middle, centre, width, belongs) < share
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    # A heap of belief at no effect: the bisection ends beside it.
    middle = (low + high) / 2
    return np.where(np.abs(middle) < 1e-9 * reach, 0.0, middle)


def trades_needed(sd: float, excess: float) -> int | None:
    """Trades of a setup after which an excess of this size is told from nothing in 4 of 5 cases
    (before correcting for many looks): 7.85 sd^2 / excess^2. None for no excess."""
    return math.ceil(_TELLS * sd * sd / (excess * excess)) if excess else None


def win_rates(wins: Floats, trades: Floats) -> Floats:
    """Win rates shrunk towards the common one, shape (setups,): beta-binomial, with the prior
    under which all setups together are most likely. NaN where no setup has a trade."""
    if trades.sum() < 1:
        return np.full(trades.size, np.nan)
    common = float(np.clip(wins.sum() / trades.sum(), 1e-9, 1 - 1e-9))
    strengths = np.geomspace(1.0, 1e6, 61)
    likely = [_beta_binomial(wins, trades, common * m, (1 - common) * m) for m in strengths]
    m = float(strengths[int(np.argmax(likely))])
    return np.asarray((wins + common * m) / (trades + m))


def _beta_binomial(wins: Floats, trades: Floats, a: float, b: float) -> float:
    """Log-likelihood of the wins under a Beta(a, b) prior, without the binomial coefficients."""
    from scipy.special import betaln

    return float((betaln(a + wins, b + trades - wins) - betaln(a, b)).sum())

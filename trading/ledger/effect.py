"""Whether trades before and trades after differ: the difference of two means, and its interval.

Trades of a day move together, so days are the unit of chance. The mean of r over trades is the
ratio of the days' sums to their counts; its variance is the jackknife's, each day left out in turn
(Efron and Tibshirani 1993, chapter 11), which allows for days of very different numbers of trades.
The interval uses Student's t with the degrees of freedom of Welch (1947) and Satterthwaite (1946),
each side's being its days less one: with few days it is as wide as it must be.

Student's t is computed here because the ledger imports numpy only; analytics uses scipy, and a
test compares the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .metrics import Daily

_MOST = 1e6  # times the trades so far: beyond, no number is worth naming


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean r of some trades, in percent: its variance None with trades on fewer than 2 days."""

    mean: float
    variance: float | None
    days: int
    trades: int


@dataclass(frozen=True, slots=True)
class Effect:
    """``after`` less ``before``, in percentage points, with the standard error and the degrees
    of freedom of the difference; both None where either side has fewer than 2 days."""

    before: Mean
    after: Mean

    @property
    def difference(self) -> float:
        return self.after.mean - self.before.mean

    @property
    def error(self) -> float | None:
        if self.before.variance is None or self.after.variance is None:
            return None
        return math.sqrt(self.before.variance + self.after.variance)

    @property
    def freedom(self) -> float | None:
        """Days less one of the smaller side at least, of both together at most."""
        first, second = self.before, self.after
        if first.variance is None or second.variance is None:
            return None
        return _welch(first.variance, first.days - 1, second.variance, second.days - 1)

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """The interval that covers the true difference in a share ``level`` of all cases.

        None where it is unknown: with too few days, or where the days do not differ at all.
        """
        error, freedom = self.error, self.freedom
        if error is None or freedom is None:
            return None
        reach = t_quantile(0.5 + level / 2, freedom) * error
        return self.difference - reach, self.difference + reach

    def trades_needed(self, level: float = 0.95) -> int | None:
        """How many trades after would let the interval leave 0 out, the difference and the days
        being like those so far; None where that is unknown, or no number would."""
        if self.interval(level) is None:
            return None
        low = high = 1.0
        while not self._tells(high, level):
            low, high = high, high * 2
            if high > _MOST:
                return None
        while high - low > 0.01 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if self._tells(middle, level) else (middle, high)
        return math.ceil(high * self.after.trades)

    def _tells(self, times: float, level: float) -> bool:
        """Whether 0 would lie outside with so many ``times`` the days after."""
        known, more = self.before.variance or 0.0, (self.after.variance or 0.0) / times
        freedom = _welch(known, self.before.days - 1, more, self.after.days * times - 1)
        if freedom is None:
            return False
        return t_quantile(0.5 + level / 2, freedom) * math.sqrt(known + more) < abs(self.difference)


def _welch(
    first: float, first_freedom: float, second: float, second_freedom: float
) -> float | None:
    below = first**2 / first_freedom + second**2 / second_freedom
    return (first + second) ** 2 / below if below else None


def mean(daily: Daily) -> Mean | None:
    """The mean of the trades of some days; None without trades."""
    active = daily.trades > 0
    totals, counts = daily.totals[active], daily.trades[active]
    days, trades = int(active.sum()), int(counts.sum())
    if not trades:
        return None
    average = float(totals.sum()) / trades
    if days < 2:
        return Mean(average, None, days, trades)
    # How far the mean moves when a day is left out.
    moves = (totals - average * counts) / (trades - counts)
    variance = float((moves * moves).sum()) * (days - 1) / days
    return Mean(average, variance, days, trades)


def effect(before: Daily, after: Daily) -> Effect | None:
    """The difference between two stretches of days; None where either has no trade."""
    first, second = mean(before), mean(after)
    return Effect(first, second) if first and second else None


def t_quantile(share: float, freedom: float) -> float:
    """The value below which Student's t with ``freedom`` > 0 lies in a ``share`` of cases.

    Raises ValueError for shares outside 0 .. 1, both excluded. Good to nine digits from 0.6 on.
    """
    if not 0 < share < 1 or not freedom > 0:
        raise ValueError("a share lies between 0 and 1, degrees of freedom above 0")
    if share <= 0.5:
        return -t_quantile(1 - share, freedom) if share < 0.5 else 0.0
    low, high = 0.0, 1.0
    while _t_below(high, freedom) < share:
        low, high = high, high * 2
    t = (low + high) / 2
    for _ in range(200):
        error = _t_below(t, freedom) - share
        low, high = (low, t) if error > 0 else (t, high)
        step = t - error / _t_density(t, freedom)  # Newton's, and halving where it leads outside
        step = step if low < step < high else (low + high) / 2
        if abs(step - t) <= 1e-13 * max(t, 1e-300):
            break
        t = step
    return t


def _t_density(t: float, freedom: float) -> float:
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    power = -(freedom + 1) / 2 * math.log1p(t * t / freedom)
    return math.exp(scale + power) / math.sqrt(freedom * math.pi)


def _t_below(t: float, freedom: float) -> float:
    """P(T < t) for t >= 0 (Abramowitz and Stegun 1964, 26.7.1)."""
    return 1 - _beta_share(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def _beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function (Abramowitz and Stegun 1964, 26.5.8)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log1p(-x))
    return front * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta, evaluated from the front (Lentz 1976)."""
    tiny = 1e-300
    above, below = 1.0, 1 / _away(1 - (a + b) * x / (a + 1), tiny)
    fraction = below
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            below = 1 / _away(1 + step * below, tiny)
            above = _away(1 + step / above, tiny)
            fraction *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return fraction


def _away(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny

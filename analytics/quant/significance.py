"""How probable a result is if nothing changed: tails, and limits that chance rarely passes.

Every rule here takes a promise, ``between``: the mean number of days between false alarms. What
is asked is a prediction, so that an uncertain past makes a rule more careful, not less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 20  # days or windows of a past that says anything
LOSS_Z = 1.645  # one-sided 95 % for the chance of a loss after a loss


def t_below(t: float, freedom: float) -> float:
    """P(T <= t) of Student's t."""
    from scipy.special import stdtr  # not at start: the web process never needs it

    return float(stdtr(freedom, t))


def binomial_at_most(wins: int, n: int, rate: float) -> float:
    """P(at most ``wins`` wins of ``n``) where each is won with probability ``rate``."""
    from scipy.special import betainc

    if wins >= n:
        return 1.0
    return float(betainc(n - wins, wins + 1, 1 - rate))


@dataclass(frozen=True, slots=True)
class Surprise:
    """How far a value lies below its past: whether it is the lowest of all, and its tail."""

    lowest: bool
    tail: float
    past: int

    def beyond(self, between: float) -> bool:
        """Whether it is implausible: the lowest of all, which happens by chance once in past + 1
        days whatever the distribution, and in the far tail of a t distribution."""
        return self.lowest and self.tail <= 1 / between


def below(past: Floats, now: float) -> Surprise | None:
    """``now`` against comparable values of the past, shape (n,); None with fewer than 20 or
    without spread."""
    past = past[~np.isnan(past)]
    if past.size < FEWEST:
        return None
    spread = float(np.std(past, ddof=1))
    if spread <= 1e-12 * float(np.max(np.abs(past))):
        return None
    t = (now - float(past.mean())) / (spread * math.sqrt(1 + 1 / past.size))
    return Surprise(now < float(past.min()), t_below(t, past.size - 1), int(past.size))


def rolling(hours: Floats, width: int) -> Floats:
    """Sums of ``width`` hours ending with each, NaN before there are so many: same shape."""
    run = np.concatenate(([0.0], np.cumsum(hours)))
    found = np.full(hours.size, np.nan)
    if hours.size >= width:
        found[width - 1 :] = run[width:] - run[:-width]
    return found


def worst_of_days(values: Floats) -> Floats:
    """The lowest value of each whole day of hours, the first of them at midnight; NaN where a
    day has none. Looking every hour is thereby compared with having looked every hour before."""
    days = values[: values.size // 24 * 24].reshape(-1, 24)
    lowest = np.min(np.where(np.isnan(days), np.inf, days), axis=1, initial=np.inf)
    return np.where(np.isinf(lowest), np.nan, lowest)


@dataclass(frozen=True, slots=True)
class Shift:
    """The ratio of two sums in recent days against before, and P(as low), P(as high)."""

    now: float
    before: float
    as_low: float
    as_high: float


def shifted(value: Floats, weight: Floats, width: int) -> Shift | None:
    """sum(value) / sum(weight) over the last ``width`` days against the days before: shape (days,).

    A prediction from the scatter of days, widened where neighbouring days move together. None
    with fewer than 20 days before, or where nothing scatters.
    """
    old, new = slice(None, -width), slice(-width, None)
    days = value[old].size
    if days < FEWEST or weight[old].sum() <= 0 or weight[new].sum() <= 0:
        return None
    before = float(value[old].sum() / weight[old].sum())
    now = float(value[new].sum() / weight[new].sum())
    deviation = value[old] - before * weight[old]
    variance = float(np.square(deviation).sum()) / (days - 1)
    if variance <= 0:
        return None
    variance *= max(1.0, _together(deviation, width))
    share = float(weight[new].sum() / weight[old].sum())
    # Recent days scatter with their trades: as many as before would by themselves.
    usual = share * days / width
    error = math.sqrt(variance * (width * max(usual, 0.25) + share * share * days))
    t = (float(value[new].sum()) - before * float(weight[new].sum())) / error
    # As many independent stretches of such a width as the past holds.
    freedom = max(4.0, days / max(1.0, _together(deviation, width)) - 1)
    return Shift(now, before, t_below(t, freedom), t_below(-t, freedom))


def _together(deviation: Floats, width: int) -> float:
    """How much more sums of ``width`` days vary than days that do not depend on each other."""
    if width < 2 or deviation.size < 2 * width:
        return 1.0
    run = np.concatenate(([0.0], np.cumsum(deviation)))
    sums = run[width:] - run[:-width]
    weight = sums.size * (1 - width / deviation.size)
    one = float(np.square(deviation).sum()) / (deviation.size - 1)
    return float(np.square(sums).sum()) / weight / (width * one)


def streak_limit(
    losses: int, after_loss: int, again: int, trades: int, per_day: float, between: float
) -> int | None:
    """The losing streak that chance brings once in ``between`` days.

    Of ``trades`` trades ``losses`` lost; ``again`` of the ``after_loss`` trades that followed a
    loss lost too. A streak of L takes a loss and L - 1 more after losses; their chance is taken
    from above (one-sided 95 %). None where the past is too short, or loses always.
    """
    if trades < 2 * FEWEST or not losses or not after_loss or per_day <= 0:
        return None
    share, z2 = again / after_loss, LOSS_Z**2
    middle = share + z2 / (2 * after_loss)
    reach = LOSS_Z * math.sqrt(share * (1 - share) / after_loss + z2 / (4 * after_loss**2))
    chance = (middle + reach) / (1 + z2 / after_loss)
    if chance >= 1:
        return None
    begins = per_day * (losses - again) / trades  # streaks that begin in a day
    if begins <= 0:
        return None
    return 1 + max(1, math.ceil(math.log(max(begins * between, 1.0)) / -math.log(chance)))


def longest_silence(rate: float, between: float) -> float:
    """Days without a trade that come by chance once in ``between`` days at ``rate`` a day."""
    return math.log(max(math.e, rate * between)) / rate


def drawdown_limit(
    days: Floats, horizon: int, between: int, rng: np.random.Generator, curves: int = 200
) -> float | None:
    """The fall from the highest point of the last ``horizon`` days that comes once in ``between``
    days, were the past to repeat, and no less than the worst of the past itself.

    ``days``: past sums, drawn in blocks of 5 with replacement; each curve with a mean as far off
    as the past's own may be. None below 20 days.
    """
    if days.size < FEWEST:
        return None
    block, length = 5, between + horizon
    starts = rng.integers(0, days.size, size=(curves, -(-length // block)))
    rows = (starts[:, :, None] + np.arange(block)) % days.size
    error = float(np.std(days, ddof=1)) / math.sqrt(days.size)
    drawn = days[rows.reshape(curves, -1)[:, :length]] + rng.normal(0, error, (curves, 1))
    worst = falls(drawn, horizon)[:, horizon:].max(axis=1)
    # What comes once in that time on average comes within it 63 times in 100.
    once = float(np.quantile(worst, math.exp(-1)))
    return max(once, float(falls(days[None], horizon).max()))


def falls(days: Floats, horizon: int) -> Floats:
    """How far the running total of each day stands below its highest point of the last
    ``horizon`` days, the start of the first among them: shape (runs, days)."""
    path = np.cumsum(days, axis=1)
    before = np.concatenate(
        (np.full((days.shape[0], horizon - 1), -np.inf), np.zeros((days.shape[0], 1)), path), axis=1
    )
    top = np.lib.stride_tricks.sliding_window_view(before, horizon + 1, axis=1).max(axis=2)
    return np.asarray(top - path)

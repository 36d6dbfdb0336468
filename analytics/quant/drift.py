"""Whether results fell below their baseline: the e-SR statistic on sums of days.

For block b with n_b trades whose results in u add up to S_b, and a floor m0 of the mean,

    z_b = (m0 n_b - S_b) / s_b,    R_j <- (1 + R_j) max(0, 1 + l_j z_b),    M = sum_j w_j R_j

where s_b is known before the block. While the mean is m0 or better, whatever else results do,
the mean time until M reaches A is at least A blocks (Shin, Ramdas, Rinaldo 2022, e-detectors):
the time between false alarms is chosen, not calibrated. Trades of a day move together, so a day
is the unit; five days are, where days depend on each other.

Arrays have shape (..., blocks): leading axes are independent runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATES = np.array([0.03, 0.06, 0.12, 0.2, 0.3, 0.4])
WEIGHTS = np.array([0.08, 0.17, 0.25, 0.22, 0.16, 0.12])
HALF_LIFE = 50  # blocks
PRIOR_BLOCKS = 20
LOWEST_FLOOR = 0.01
DEPENDENT = 1.2  # 5-day sums vary so much more than 5 day sums: days depend on each other
LONG_BLOCK = 5
FEWEST_DAYS = 10  # to tell anything about a baseline
CEILING = 10.0  # times the threshold: how far evidence piles up, and so how long recovery takes


@dataclass(frozen=True, slots=True)
class Baseline:
    """What results were: ``mean`` of u with its standard error ``se`` (from blocks), ``scale`` of
    a block's deviation, how many days a block has, and how many trades and days it rests on."""

    mean: float
    se: float
    scale: float
    block: int
    trades: int
    days: int


def baseline(n: Floats, total: Floats) -> Baseline | None:
    """The baseline of days with ``n`` trades and sums ``total`` of u, each of shape (days,).

    None with fewer than 10 days, or where results do not vary.
    """
    if n.size < FEWEST_DAYS or float(n.sum()) <= 0:
        return None
    block = block_length(n, total)
    count, sums = in_blocks(n, block), in_blocks(total, block)
    if count.size < 2:
        block, count, sums = 1, n, total
    mean = float(total.sum() / n.sum())
    deviation = sums - mean * count
    squares = float(np.square(deviation).sum())
    if squares <= 0:
        return None
    freedom = count.size / (count.size - 1)
    se = math.sqrt(squares * freedom) / float(count.sum())
    scale = math.sqrt(squares / (count.size - 1))
    return Baseline(mean, se, scale, block, int(n.sum()), int(n.size))


def floor(mean: float, se: float) -> float:
    """The mean that must not be lost: one standard error below the baseline, but at least half of
    it and .01. Safer than the baseline itself: luck in the baseline raises no alert."""
    return max(mean - se, mean / 2, LOWEST_FLOOR)


def estimate(mean: float, se: float) -> float:
    """The floor of those who would rather hear early: the baseline and half a standard error.

    Baselines that came out too low by luck raise no alert for ages; so much more floor still
    leaves the time between false alarms, over the luck of baselines, above the one asked for.
    """
    return mean + se / 2


def block_length(n: Floats, total: Floats) -> int:
    """5 where sums of five days vary more than 1.2 x five times as much as those of days, and in
    a short history more than chance explains (one-sided 95 %), else 1.

    All stretches of five days count, with Lo and MacKinlay's (1988) correction for the mean, and
    their error.
    """
    days, long = n.size, LONG_BLOCK
    if days < 4 * long:
        return 1
    deviation = total - total.sum() / n.sum() * n
    one = float(np.square(deviation).sum()) / (days - 1)
    run = np.concatenate(([0.0], np.cumsum(deviation)))
    five = run[long:] - run[:-long]
    weight = (days - long + 1) * (1 - long / days)
    chance = 1 + 1.645 * math.sqrt(2 * (2 * long - 1) * (long - 1) / (3 * long * days))
    most = max(DEPENDENT, chance) * long * one
    return long if float(np.square(five).sum()) / weight > most else 1


def in_blocks(days: Floats, block: int) -> Floats:
    """Sums of ``block`` days after one another from the first on, shape (..., days // block)."""
    if block == 1:
        return days
    whole = days.shape[-1] // block
    shape = (*days.shape[:-1], whole, block)
    return np.asarray(days[..., : whole * block].reshape(shape).sum(axis=-1))


def predictable_scale(deviation: Floats, prior: Any) -> Floats:
    """Root of an EWMA of squares (half-life 50 blocks) of the blocks before each: same shape.

    ``prior``, a scale per run, counts as 20 blocks before the first.
    """
    keep = 0.5 ** (1 / HALF_LIFE)
    squares = PRIOR_BLOCKS * np.square(np.broadcast_to(prior, deviation.shape[:-1]))
    weight = float(PRIOR_BLOCKS)
    scale = np.empty_like(deviation)
    for at in range(deviation.shape[-1]):
        scale[..., at] = np.sqrt(squares / weight)
        squares = squares * keep + np.square(deviation[..., at])
        weight = weight * keep + 1
    return scale


def shortfall(n: Floats, total: Floats, m0: Any, prior: Any) -> Floats:
    """z of each block: how far its sum fell short of ``m0`` a trade, in scales; same shape.

    ``m0`` and ``prior`` (the baseline's scale of a block) are numbers, or one per run.
    """
    deviation = np.asarray(m0)[..., None] * n - total
    return np.asarray(deviation / predictable_scale(deviation, prior))


def e_sr(z: Floats, ceiling: float = math.inf) -> Floats:
    """M after each block, same shape. ``ceiling`` bounds it from above, which only delays."""
    highest = min(ceiling, 1e300)
    evidence = np.zeros((*z.shape[:-1], RATES.size))
    path = np.empty_like(z)
    for at in range(z.shape[-1]):
        factor = np.maximum(0.0, 1.0 + RATES * z[..., at, None])
        evidence = np.minimum((1.0 + evidence) * factor, highest)
        path[..., at] = evidence @ WEIGHTS
    return path


def change_point(z: Floats) -> int:
    """The block from which on results most probably fell, of shape (blocks,) up to an alert:
    where the sum of z from there to the end is largest."""
    reverse = np.cumsum(z[::-1])[::-1]
    return int(np.argmax(reverse))


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch in which the alert stands: blocks ``opened`` (M reached the threshold) up to
    ``closed``, exclusive (M fell below a tenth of it; None while it stands); ``since`` is the
    block from which on results fell."""

    opened: int
    closed: int | None
    since: int


def episodes(z: Floats, threshold: float) -> tuple[list[Episode], Floats]:
    """Every stretch in which the alert stands, and M; ``z`` has shape (blocks,).

    M piles up to ten thresholds at most: taking an alert back needs about as much evidence as
    raising it, however long things went badly.
    """
    path = e_sr(z, ceiling=CEILING * threshold)
    found: list[Episode] = []
    opened: int | None = None
    quiet = 0  # evidence before here belongs to an earlier episode
    for at, value in enumerate(path.tolist()):
        if opened is None and value >= threshold:
            opened = at
        elif opened is not None and value < threshold / CEILING:
            found.append(Episode(opened, at, quiet + change_point(z[quiet : opened + 1])))
            opened, quiet = None, at
    if opened is not None:
        found.append(Episode(opened, None, quiet + change_point(z[quiet : opened + 1])))
    return found, path

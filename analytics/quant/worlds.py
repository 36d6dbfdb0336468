"""Worlds whose truth is known, in which alarms are judged: results of trades in units of the
standard deviation of one, drawn from a generator that is an argument."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PER_DAY = 8
EDGE = 0.10  # the mean before a change


@dataclass(frozen=True, slots=True)
class Noise:
    """How results scatter around their mean, with variance 1.

    ``freedom``: of Student's t (None: normal). ``shared``: part of the variance that the trades
    of a day have in common. ``memory``: AR(1) of what they share. ``swings``: sd of the AR(.9) log
    volatility of days.
    """

    name: str
    freedom: float | None = None
    shared: float = 0.0
    memory: float = 0.0
    swings: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """The mean falls from the edge to ``to``, over ``days`` days (0: at once)."""

    name: str
    to: float
    days: int = 0


NOISES = (
    Noise("independent, normal"),
    Noise("heavy tails (t, 3 degrees)", freedom=3),
    Noise("clustered days (t, 4 degrees)", freedom=4, shared=0.15),
    Noise("heavy, clustered, days remember", freedom=3, shared=0.15, memory=0.5, swings=0.4),
)
NOTHING = Change("nothing", EDGE)
CHANGES = (
    Change("the edge goes", 0.0),
    Change("it turns (regime switch)", -EDGE),
    Change("it decays over 60 days", -EDGE, 60),
)


def results(
    rng: np.random.Generator, noise: Noise, runs: int, days: int,
    change: Change = NOTHING, at: int = 0,
) -> Floats:  # fmt: skip
    """Results of trades, shape (runs, days, 8); the change begins on day ``at``."""
    found = _own(rng, noise, (runs, days, PER_DAY)) * math.sqrt(1 - noise.shared)
    if noise.shared:
        found += (math.sqrt(noise.shared) * _day(rng, noise, runs, days))[:, :, None]
    if noise.swings:
        log = noise.swings * _remembering(rng.standard_normal((runs, days)), 0.9)
        found *= np.exp(log - noise.swings**2)[:, :, None]
    return np.asarray(found + means(days, change, at)[None, :, None])


def means(days: int, change: Change, at: int) -> Floats:
    """The true mean of each day, shape (days,)."""
    since = np.arange(days) - at
    part = (since >= 0) if not change.days else np.clip(since / change.days, 0.0, 1.0)
    return np.asarray(EDGE + (change.to - EDGE) * part, dtype=np.float64)


def _own(rng: np.random.Generator, noise: Noise, shape: tuple[int, ...]) -> Floats:
    if noise.freedom is None:
        return rng.standard_normal(shape)
    # Variance of t is f / (f - 2).
    return rng.standard_t(noise.freedom, shape) * math.sqrt(1 - 2 / noise.freedom)


def _day(rng: np.random.Generator, noise: Noise, runs: int, days: int) -> Floats:
    return _remembering(rng.standard_normal((runs, days)), noise.memory)


def _remembering(steps: Floats, memory: float) -> Floats:
    """AR(1) of variance 1 from normal steps, shape (runs, days)."""
    if memory:
        fresh = math.sqrt(1 - memory * memory)
        for at in range(1, steps.shape[1]):
            steps[:, at] = memory * steps[:, at - 1] + fresh * steps[:, at]
    return steps

"""Worlds whose truth is known, in which alerts are judged: results of trades in units of the
standard deviation of one, drawn from a generator that is an argument."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

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
    rng: np.random.Generator,
    noise: Noise,
    runs: int,
    days: int,
    change: Change = NOTHING,
    at: int = 0,
) -> Floats:
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


@dataclass(frozen=True, slots=True)
class Planted:
    """Trades of setups whose true excess is known: ``n``, ``total`` and ``wins`` of each setup by
    day, shape (setups, days); of all trades by day, shape (days,); ``truth``, shape (setups,)."""

    n: Floats
    total: Floats
    wins: Floats
    whole_n: Floats
    whole_total: Floats
    truth: Floats


def planted(
    rng: np.random.Generator,
    noise: Noise,
    days: int,
    setups: int = 120,
    good: int = 0,
    effect: float = 0.15,
) -> Planted:
    """8 trades a day, each of one setup drawn at random; ``good`` setups are better by ``effect``
    and as many worse, all others are like the strategy, which earns nothing."""
    truth = np.zeros(setups)
    truth[:good], truth[good : 2 * good] = effect, -effect
    which = rng.integers(0, setups, days * PER_DAY)
    day = np.repeat(np.arange(days), PER_DAY)
    r = (results(rng, noise, 1, days)[0] - EDGE).reshape(-1) + truth[which]
    n, total, wins = _cells(which * days + day, setups, days, r)
    return Planted(n, total, wins, n.sum(axis=0), total.sum(axis=0), truth)


def _cells(cell: NDArray[np.int64], setups: int, days: int, r: Floats) -> tuple[Floats, ...]:
    """Trades, their sums and wins per setup and day, from the cell that each trade falls into."""
    size = setups * days
    return tuple(
        np.asarray(np.bincount(cell, weights, size), dtype=np.float64).reshape(setups, days)
        for weights in (np.ones(r.size), r, r > 0)
    )


def crossed(
    rng: np.random.Generator, noise: Noise, days: int, features: int = 10, levels: int = 5
) -> Planted:
    """A strategy that no fact matters to, looked at by ``features`` facts of ``levels`` values
    (three of which hold for a whole day) and by all pairs of facts: the setups overlap."""
    day = np.repeat(np.arange(days), PER_DAY)
    r = (results(rng, noise, 1, days)[0] - EDGE).reshape(-1)
    facts = [
        np.repeat(rng.integers(0, levels, days), PER_DAY)
        if at < 3
        else rng.integers(0, levels, r.size)
        for at in range(features)
    ]
    pairs = [one * levels + other for one, other in combinations(facts, 2)]
    kinds = [(fact, levels) for fact in facts] + [(pair, levels**2) for pair in pairs]
    parts = [_cells(key * days + day, size, days, r) for key, size in kinds]
    n, total, wins = (np.concatenate(part) for part in zip(*parts, strict=True))
    first = slice(0, levels)  # the first fact alone holds every trade once
    whole_n, whole_total = n[first].sum(axis=0), total[first].sum(axis=0)
    return Planted(n, total, wins, whole_n, whole_total, np.zeros(n.shape[0]))


@dataclass(frozen=True, slots=True)
class Dealt:
    """Trades one by one, shape (n,): their day, their result, and the words of each fact;
    ``effect``: what is planted in each pair of words of the first two facts, shape (12, 10)."""

    day: NDArray[np.int64]
    result: Floats
    facts: list[list[str]]
    effect: Floats

    def truth_of(self, first: Any, second: Any, bin_: Any, other: Any) -> Floats:
        """The true excess of buckets, shape (setups,): of a word alone the mean of its pairs."""
        alone = second < 0
        by_row, by_column = self.effect.mean(axis=1), self.effect.mean(axis=0)
        row, column = np.minimum(bin_, LEVELS[0] - 1), np.minimum(bin_, LEVELS[1] - 1)
        single = np.where(first == 0, by_row[row], np.where(first == 1, by_column[column], 0.0))
        side = np.minimum(other, LEVELS[1] - 1)
        pair = np.where((first == 0) & (second == 1), self.effect[row, side], single)
        # A fact that nothing depends on splits the other's buckets and leaves their truth.
        return np.asarray(np.where(alone, single, pair), dtype=np.float64)


LEVELS = (12, 10)


def dealt(
    rng: np.random.Generator,
    noise: Noise,
    days: int,
    good: int = 0,
    effect: float = 0.15,
    further: int = 0,
) -> Dealt:
    """8 trades a day that two facts of 12 and 10 words tell apart into 120 setups, ``good`` of
    which are better by ``effect`` and as many worse; ``further`` facts of 5 words do not matter,
    the first three of them hold for a whole day."""
    n = days * PER_DAY
    planted = np.zeros(LEVELS)
    where = rng.permutation(planted.size)
    planted.flat[where[:good]], planted.flat[where[good : 2 * good]] = effect, -effect
    codes = [rng.integers(0, levels, n) for levels in LEVELS]
    result = (results(rng, noise, 1, days)[0] - EDGE).reshape(-1) + planted[codes[0], codes[1]]
    codes += [
        np.repeat(rng.integers(0, 5, days), PER_DAY) if at < 3 else rng.integers(0, 5, n)
        for at in range(further)
    ]
    words = [f"w{level:02}" for level in range(max(LEVELS))]
    told = [[words[code] for code in column.tolist()] for column in codes]
    return Dealt(np.repeat(np.arange(days), PER_DAY), result, told, planted)

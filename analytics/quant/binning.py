"""Trades put into buckets: by each fact known at their entry, and by two facts at once.

A fact is cut into few bins, so that each holds trades enough to be judged; every bin of a fact is
a setup, and so is every pair of bins of two facts. Sums of all of them come from one pass per pair
of facts, and hold no more than that pair's days in memory.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.quant import setups
from analytics.quant.setups import Floats, Setups, Sums

Ints = NDArray[np.int64]

BINS = 5
DISTINCT = 8  # numbers with no more different values than this are bins by themselves
KINDS = 12  # categories; the rarest beyond that are one
HOURS = 4  # of a band
SLACK = 0.04  # an edge may lie this much off its quantile to be a round number
PAIRED = 20  # facts that are paired with each other: 190 pairs
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bin:
    """A value, or the numbers from ``low`` to below ``high`` (None: open)."""

    value: str | float | bool | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of each trade. ``code`` is the bin that it falls into, shape (n,), -1 where
    it was not recorded; ``bins`` says what each code means, in ascending order."""

    name: str
    unit: str
    code: Ints
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Setups of one fact or of two, shape (setups,) each: which facts (``second`` -1 where there
    is none), which bins of them, their sums, and what is known of them. ``apart`` is false for
    what is no setup of its own: a bin that holds all trades, and a pair that holds just the trades
    of one of its two bins."""

    first: Ints
    second: Ints
    bin: Ints
    other: Ints
    sums: Sums
    apart: NDArray[np.bool_]
    judged: Setups

    def rows(self, at: int, facts: Sequence[Fact]) -> Ints:
        """Which trades fall into a bucket, ascending."""
        mine = facts[self.first[at]].code == self.bin[at]
        if self.second[at] >= 0:
            mine = mine & (facts[self.second[at]].code == self.other[at])
        return np.flatnonzero(mine)


def numbers(name: str, values: Floats, unit: str = "") -> Fact:
    """A fact of numbers, shape (n,), NaN where unknown: each value a bin where they are few, else
    five ranges of about as many trades, their edges round."""
    known = ~np.isnan(values)
    there = values[known]
    different = np.unique(there)
    if different.size <= DISTINCT:
        code = np.where(known, np.searchsorted(different, np.where(known, values, 0.0)), -1)
        return Fact(name, unit, code, tuple(Bin(value) for value in different.tolist()))
    return ranges(name, values, edges(there), unit)


def ranges(name: str, values: Floats, inner: Sequence[float], unit: str = "") -> Fact:
    """A fact of numbers cut at ascending edges; NaN where unknown."""
    code = np.searchsorted(np.asarray(inner, dtype=np.float64), values, side="right")
    bounds = [None, *inner, None]
    bins = tuple(Bin(low=low, high=high) for low, high in pairwise(bounds))
    return Fact(name, unit, np.where(np.isnan(values), -1, code), bins)


def edges(values: Floats) -> list[float]:
    """The inner edges of five ranges with about as many values each, at the roundest numbers
    within 4 % of the values around each quantile. Equal ones are one."""
    found: list[float] = []
    for at in range(1, BINS):
        share = at / BINS
        low, high = np.quantile(values, (share - SLACK, share + SLACK))
        edge = roundest(float(low), float(high))
        if edge > values.min() and (not found or edge > found[-1]):
            found.append(edge)
    return found


def roundest(low: float, high: float) -> float:
    """The number in [low, high] with the fewest digits, nearest to the middle."""
    middle = (low + high) / 2
    if high <= low:
        return middle
    if low <= 0 <= high:
        return 0.0
    power = math.ceil(math.log10(max(abs(low), abs(high))))
    for exponent in range(power, power - 18, -1):
        for step in (10.0, 5.0, 2.0, 1.0):
            # Told by its decimal digits: 0.3 and not 3 * 0.1.
            number = float(f"{round(middle / (step * 10.0**exponent)) * step:.0f}e{exponent}")
            if low <= number <= high:
                return number
    return middle


def hours(name: str, values: Floats) -> Fact:
    """Hours of the day, 0 to 23, in bands of four."""
    return ranges(name, values, list(range(HOURS, 24, HOURS)), "hour")


def categories(name: str, values: Sequence[str | float | bool | None], unit: str = "") -> Fact:
    """A fact of words or of yes and no; None or empty where unknown. Beyond twelve of them the
    rarest are one."""
    counts = Counter(value for value in values if value is not None and value != "")
    common = sorted(counts, key=lambda value: (-counts[value], str(value)))
    many = len(common) > KINDS
    kept = sorted(common[: KINDS - 1] if many else common, key=str)
    place = {value: at for at, value in enumerate(kept)}
    bins = [Bin(value) for value in kept]
    if many:
        bins.append(Bin(OTHER))
        place |= {value: len(kept) for value in common[KINDS - 1 :]}
    code = np.array([-1 if value is None else place.get(value, -1) for value in values], np.int64)
    return Fact(name, unit, code, tuple(bins))


def judge(facts: Sequence[Fact], day: Ints, result: Floats) -> Buckets:
    """All setups of one fact and, of the first 20 facts, of two, judged together.

    ``day`` and ``result``, shape (n,): the day of each trade and what it made, NaN where there is
    no scale for it yet; such trades are left out.
    """
    known = ~np.isnan(result)
    days, place = np.unique(day[known], return_inverse=True)
    result = result[known]
    codes = [fact.code[known] for fact in facts]
    parts = [
        _block(at, -1, code, None, (len(facts[at].bins), 1), place, days.size, result)
        for at, code in enumerate(codes)
    ]
    alone = [part[1].trades for part in parts]
    for one, two in combinations(range(min(len(facts), PAIRED)), 2):
        shape = len(facts[one].bins), len(facts[two].bins)
        parts.append(_block(one, two, codes[one], codes[two], shape, place, days.size, result))
    return _judged(parts, alone, result)


_Part = tuple[Ints, Sums]


def _block(
    one: int,
    two: int,
    code: Ints,
    other: Ints | None,
    shape: tuple[int, int],
    place: Ints,
    days: int,
    result: Floats,
) -> _Part:
    """The setups of one fact, or of two: shape (setups, 4) of what they are, and their sums."""
    # Unknown ones fall into a row and a column of their own, which are dropped.
    key = (code + 1) * (shape[1] + 1) + (1 if other is None else other + 1)
    size = (shape[0] + 1) * (shape[1] + 1)
    cell = key * days + place
    n, total = (
        np.bincount(cell, weights, size * days)
        .astype(np.float64)
        .reshape(shape[0] + 1, shape[1] + 1, days)[1:, 1:]
        .reshape(shape[0] * shape[1], days)
        for weights in (None, result)
    )
    bins = np.indices(shape).reshape(2, -1)
    what = np.stack([np.full(bins.shape[1], one), np.full(bins.shape[1], two), *bins], axis=1)
    return what, setups.sums(n, total)


def _judged(parts: Sequence[_Part], alone: Sequence[Floats], result: Floats) -> Buckets:
    what = np.concatenate([part[0] for part in parts] or [np.zeros((0, 4), np.int64)])
    whole = Sums(
        *(
            np.concatenate([getattr(part[1], name) for part in parts] or [np.zeros(0)])
            for name in ("trades", "days", "total", "residual")
        )
    )
    apart = np.array(
        [
            trades < (result.size if two < 0 else min(alone[one][bin_], alone[two][other]))
            for (one, two, bin_, other), trades in zip(what.tolist(), whole.trades, strict=True)
        ],
        dtype=bool,
    )
    kept = Sums(
        *(
            np.where(apart, getattr(whole, name), 0.0)
            for name in ("trades", "days", "total", "residual")
        )
    )
    one, two, bin_, other = what.T
    common = float(result.mean()) if result.size else math.nan
    return Buckets(one, two, bin_, other, whole, apart, setups.judge_sums(kept, common))

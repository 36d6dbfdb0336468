"""Which arm of an experiment is served when: time is cut into blocks, drawn in balanced rounds.

Pure: what is served at a moment follows from the experiment's plan alone, so that it is the same
for every process, after every restart, and can be checked by anyone who has the plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

FEWEST, MOST = 4, 20  # blocks in a round


@dataclass(frozen=True, slots=True)
class Plan:
    """Blocks of ``length`` from ``start`` on, until ``end`` (None is open); microseconds since
    1970. ``shares`` are whole numbers, one for each arm: each round holds every arm in proportion.
    """

    seed: int
    shares: tuple[int, ...]
    start: int
    length: int
    end: int | None = None

    def holds(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)

    def number(self, at: int) -> int:
        """The block of a moment; the first is 0."""
        return (at - self.start) // self.length

    def arm(self, number: int) -> int:
        """The arm of a block, as its place among the shares."""
        if len(self.shares) == 1:
            return 0
        order = drawn(self.seed, self.shares, number // size(self.shares))
        return order[number % len(order)]

    def arm_at(self, at: int) -> int:
        return self.arm(self.number(at))

    def counted(self, at: int) -> tuple[list[int], list[int]]:
        """By arm: the blocks that began before a moment, and the microseconds served until then."""
        at = at if self.end is None else min(at, self.end)
        count, served = [0] * len(self.shares), [0] * len(self.shares)
        if at <= self.start:
            return count, served
        if len(self.shares) == 1:
            return [1], [at - self.start]
        begun = self.number(at - 1) + 1
        small, rounds = reduced(self.shares), begun // size(self.shares)
        times = size(self.shares) // sum(small)
        count = [rounds * times * share for share in small]
        for number in range(rounds * size(self.shares), begun):
            count[self.arm(number)] += 1
        served = [blocks * self.length for blocks in count]
        served[self.arm(begun - 1)] -= self.start + begun * self.length - at
        return count, served

    def until(self, at: int) -> int | None:
        """When what is served at a moment may change; None where only an end changes it."""
        if len(self.shares) == 1:
            return self.end
        ends = self.start + (self.number(at) + 1) * self.length
        return ends if self.end is None else min(ends, self.end)


def reduced(shares: Sequence[int]) -> tuple[int, ...]:
    """The same shares in the smallest whole numbers: 50, 50 is 1, 1."""
    divisor = math.gcd(*shares)
    return tuple(share // divisor for share in shares)


def size(shares: Sequence[int]) -> int:
    """Blocks in a round: every arm in proportion, and enough of them to be drawn from."""
    whole = sum(reduced(shares))
    return whole * max(1, math.ceil(FEWEST / whole))


@lru_cache(maxsize=10_000)
def drawn(seed: int, shares: tuple[int, ...], number: int) -> tuple[int, ...]:
    """The arms of a round's blocks in a random order, the same for the same seed for ever."""
    small = reduced(shares)
    times = size(shares) // sum(small)
    arms = [arm for arm, share in enumerate(small) for _ in range(share * times)]
    lots = [
        blake2b(f"{seed}:{number}:{place}".encode(), digest_size=8).digest()
        for place in range(len(arms))
    ]
    return tuple(arm for _, arm in sorted(zip(lots, arms, strict=True)))

"""Why a strategy trades as often as it does: how many evaluations each of its filters let by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A filter: how many evaluations came to it, how many it held back, and the share of those.

    ``share`` is of all evaluations, 0-1, and None where there were none.
    """

    name: str
    reached: int
    blocked: int
    share: float | None

    @property
    def passed(self) -> int:
        return self.reached - self.blocked


def steps(filters: Sequence[str], evaluations: int, blocked: Mapping[str, int]) -> list[Step]:
    """The filters in the order in which they are tested."""
    tested, left = [], evaluations
    for name in filters:
        count = blocked.get(name, 0)
        share = count / evaluations if evaluations else None
        tested.append(Step(name, left, count, share))
        left -= count
    return tested


def sentence(evaluations: int, signals: int, tested: Sequence[Step]) -> str:
    """``5 512 evaluations: volatility blocked 5 310 (96 %), rsi 170, trend 32; 0 signals``."""
    if not evaluations:
        return "No evaluations: it was never warmed up and free to enter."
    blocked = sorted((step for step in tested if step.blocked), key=lambda step: -step.blocked)
    parts = [f"{step.name} {number(step.blocked)}" for step in blocked]
    if blocked:
        first = blocked[0]
        share = f"{first.blocked / evaluations:.0%}".replace("%", " %")
        parts[0] = f"{first.name} blocked {number(first.blocked)} ({share})"
    details = f": {', '.join(parts)}" if parts else ": nothing was blocked"
    many = "evaluation" if evaluations == 1 else "evaluations"
    ends = "signal" if signals == 1 else "signals"
    return f"{number(evaluations)} {many}{details}; {number(signals)} {ends}"


def unbroken(text: str) -> str:
    """Text for a page, whose lines must not end within a number such as ``5 512``."""
    return re.sub(r"(?<=\d) (?=\d{3}\b)", "\N{NO-BREAK SPACE}", text)


def number(count: int) -> str:
    """Thousands apart, as ``5 512``."""
    return f"{count:,}"

"""How a window of time falls into whole days, hours of cut days, and parts of hours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from trading.clock import HOUR

Bounds = tuple[int | None, int | None]  # from the first to before the second; None is open
NOTHING = (0, 0)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours from ``first`` to before ``last`` of one day, all since 1970."""

    day: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Disjoint parts that make up a window."""

    days: Bounds = NOTHING  # since 1970
    hours: tuple[Hours, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()  # microseconds, each within one hour


def cut(since: int | None, until: int | None) -> Cut:
    """The parts of a window [since, until) in microseconds since 1970."""
    if since is not None and until is not None and since >= until:
        return Cut()
    first = None if since is None else -(-since // HOUR)
    last = None if until is None else until // HOUR
    edges = []
    if since is not None and first is not None:
        if until is not None and last is not None and first > last:
            return Cut(edges=((since, until),))
        if since < first * HOUR:
            edges.append((since, first * HOUR))
    if until is not None and last is not None and last * HOUR < until:
        edges.append((last * HOUR, until))
    days, hours = _days(first, last)
    return Cut(days, hours, tuple(edges))


def _days(first: int | None, last: int | None) -> tuple[Bounds, tuple[Hours, ...]]:
    """Whole days among the hours [first, last), and what is left of the days at both ends."""
    since = None if first is None else -(-first // 24)
    until = None if last is None else last // 24
    hours = []
    if first is not None and since is not None:
        if last is not None and until is not None and since > until:
            return NOTHING, (Hours(until, first, last),) if first < last else ()
        if first < since * 24:
            hours.append(Hours(since - 1, first, since * 24))
    if last is not None and until is not None and until * 24 < last:
        hours.append(Hours(until, until * 24, last))
    return (since, until), tuple(hours)


def united(stretches: Iterable[Bounds]) -> list[Bounds]:
    """The same moments in as few stretches as possible, disjoint and ascending."""
    runs: list[tuple[float, float]] = []
    for since, until in sorted(
        (-inf if since is None else since, inf if until is None else until)
        for since, until in stretches
    ):
        if since >= until:
            continue
        if runs and since <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(until, runs[-1][1]))
        else:
            runs.append((since, until))
    return [
        (None if since == -inf else int(since), None if until == inf else int(until))
        for since, until in runs
    ]

"""Two versions side by side: their values, what their trades add up to, and how they got there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trading import formatting
from trading.bots.catalog import declaration
from trading.ledger.effect import Effect, effect
from trading.ledger.metrics import Metrics
from trading.models import ParameterSet
from trading.parameters.diff import described, ordered, same
from trading.parameters.outcomes import mode_of
from trading.performance import equity, measure
from trading.performance.selection import Selection

POINTS = 400


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: ``metrics`` None without trades; ``curve`` the running total of PnL % as
    (moment, total), from 0, at most POINTS long."""

    made: ParameterSet
    metrics: Metrics | None
    curve: list[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``rows`` hold every parameter with the values ``a`` and ``b`` and whether they ``differ``;
    ``effect`` is b's average less a's, None where one of them has no trades."""

    mode: str
    rows: list[dict[str, Any]]
    a: Side
    b: Side
    effect: Effect | None


def compare(a: ParameterSet, b: ParameterSet, mode: str | None = None) -> Comparison:
    """Two versions of one instance. Raises ValueError where they belong to two."""
    if a.instance_id != b.instance_id:
        raise ValueError("only versions of one strategy of one bot can be compared")
    mode = mode or mode_of(a.instance)
    groups = {
        group.key: group for group in measure(Selection(instance=a.instance, mode=mode), "version")
    }
    found = [groups.get(str(made.version)) for made in (a, b)]
    sides = [
        Side(made, group.metrics if group else None, _curve(made, mode) if group else [])
        for made, group in zip((a, b), found, strict=True)
    ]
    both = effect(found[0].daily, found[1].daily) if all(found) else None
    return Comparison(mode, _rows(a, b), *sides, both)


def _rows(a: ParameterSet, b: ParameterSet) -> list[dict[str, Any]]:
    strategy = declaration(a.instance)
    defaults = strategy.defaults() if strategy else {}
    one, other = {**defaults, **a.values}, {**defaults, **b.values}
    return [
        described(strategy, name)
        | {"a": one.get(name), "b": other.get(name)}
        | {"differ": not same(one.get(name), other.get(name))}
        for name in ordered(strategy, one, other)
    ]


def _curve(made: ParameterSet, mode: str) -> list[tuple[datetime, float]]:
    asked = Selection(instance=made.instance, version=made.version, mode=mode)
    (curve,) = equity(asked).values()
    return list(formatting.thin(curve, POINTS))

"""Two versions side by side: their values, metrics and equity curves."""

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
from trading.performance import Group, equity, measure
from trading.performance.selection import Selection

POINTS = 400


@dataclass(frozen=True, slots=True)
class Side:
    """One version. ``metrics`` is None without trades; ``curve`` is the cumulative PnL % as
    (time, total), from 0, at most POINTS long."""

    parameter_set: ParameterSet
    metrics: Metrics | None
    curve: list[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``rows`` hold every parameter with the values ``a`` and ``b`` and whether they ``differ``;
    ``effect`` is the average of b minus that of a, None where one of them has no trades."""

    mode: str
    rows: list[dict[str, Any]]
    a: Side
    b: Side
    effect: Effect | None


def compare(a: ParameterSet, b: ParameterSet, mode: str | None = None) -> Comparison:
    """Compare two versions of one instance. Raises ValueError if they belong to two."""
    if a.instance_id != b.instance_id:
        raise ValueError("only versions of one strategy of one bot can be compared")
    mode = mode or mode_of(a.instance)
    groups = {
        group.key: group for group in measure(Selection(instance=a.instance, mode=mode), "version")
    }
    of_a, of_b = groups.get(str(a.version)), groups.get(str(b.version))
    difference = effect(of_a.daily, of_b.daily) if of_a and of_b else None
    return Comparison(mode, _rows(a, b), _side(a, of_a, mode), _side(b, of_b, mode), difference)


def _side(version: ParameterSet, group: Group | None, mode: str) -> Side:
    return Side(version, group.metrics, _curve(version, mode)) if group else Side(version, None, [])


def _rows(a: ParameterSet, b: ParameterSet) -> list[dict[str, Any]]:
    strategy = declaration(a.instance)
    defaults = strategy.defaults() if strategy else {}
    values_a, values_b = {**defaults, **a.values}, {**defaults, **b.values}
    return [
        described(strategy, name)
        | {"a": values_a.get(name), "b": values_b.get(name)}
        | {"differ": not same(values_a.get(name), values_b.get(name))}
        for name in ordered(strategy, values_a, values_b)
    ]


def _curve(version: ParameterSet, mode: str) -> list[tuple[datetime, float]]:
    selection = Selection(instance=version.instance, version=version.version, mode=mode)
    (curve,) = equity(selection).values()
    return list(formatting.thin(curve, POINTS))

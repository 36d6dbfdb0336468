"""What differs between two sets of values, parameter by parameter, with the size of each step."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.bots.catalog import declaration
from trading.formatting import label
from trading.models import StrategyInstance
from trading.strategies.base import Strategy
from trading.strategies.parameters import Parameter, Value, plain

Values = Mapping[str, Value]
Row = dict[str, Any]


def difference(instance: StrategyInstance, old: Values, new: Values) -> list[Row]:
    """A row per parameter that differs, in declared order, removed ones last.

    A declared parameter that a set lacks counts with its default, as it is served. ``step`` is
    new - old in exact decimals; ``relative`` the same in percent of the old value; ``steps`` the
    same in declared steps. Each is None where it has no meaning. ``declared`` is whether the
    strategy still has the parameter; where it does not, a missing value is None.
    """
    strategy = declaration(instance)
    defaults = strategy.defaults() if strategy else {}
    before, after = {**defaults, **old}, {**defaults, **new}
    return [
        _row(name, before.get(name), after.get(name), strategy)
        for name in ordered(strategy, old, new)
        if not same(before.get(name), after.get(name))
    ]


def changed(instance: StrategyInstance, old: Values | None, new: Values) -> list[Row]:
    """Like ``difference``; a row per value with old None if the values before are unknown."""
    if old is not None:
        return difference(instance, old, new)
    strategy = declaration(instance)
    return [_row(name, None, new[name], strategy) for name in ordered(strategy, new) if name in new]


def ordered(strategy: Strategy | None, *sets: Values) -> list[str]:
    """Names of all parameters: declared ones in their order, then the others of the sets by name,
    since a database keeps no order."""
    declared = [parameter.name for parameter in strategy.parameters] if strategy else []
    return [*declared, *sorted({name for values in sets for name in values} - set(declared))]


def same(first: Value | None, second: Value | None) -> bool:
    """Whether two stored values are equal: 14 and 14.0 are, 1 and true are not."""
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def described(strategy: Strategy | None, name: str) -> Row:
    """Name, label, unit, kind and group of a parameter, the first fields of every row."""
    parameter = _find(strategy, name)
    titles = {group.key: group.label for group in strategy.groups} if strategy else {}
    return {
        "name": name,
        "label": label(name),
        "unit": parameter.unit if parameter else "",
        "kind": parameter.kind if parameter else "",
        "group": titles.get(parameter.group, "") if parameter else "",
        "declared": parameter is not None,
    }


def _row(name: str, old: Value | None, new: Value | None, strategy: Strategy | None) -> Row:
    parameter = _find(strategy, name)
    return described(strategy, name) | {"old": old, "new": new} | _step(parameter, old, new)


def _step(parameter: Parameter | None, old: Value | None, new: Value | None) -> Row:
    if isinstance(old, bool | str | None) or isinstance(new, bool | str | None):
        return {"step": None, "relative": None, "steps": None}
    # In decimals: 0.3 - 0.1 is 0.2.
    before, after = Decimal(plain(old)), Decimal(plain(new))
    step, grain = after - before, getattr(parameter, "step", None)
    return {
        "step": float(step),
        "relative": float(step / abs(before) * 100) if before else None,
        "steps": float(step / Decimal(plain(grain))) if grain else None,
    }


def _find(strategy: Strategy | None, name: str) -> Parameter | None:
    try:
        return strategy.parameter(name) if strategy else None
    except KeyError:
        return None

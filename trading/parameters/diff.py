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

    A declared parameter that a set lacks counts with its default, as a bot is told it. ``step``
    is new - old, exactly as written in decimals; ``relative`` that in percent of the old value;
    ``steps`` how many declared steps it is. Each is None where it has no meaning. ``declared``
    says whether the strategy still has the parameter; where it does not, a missing value is None.
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
    """The same; where nothing is known to have been before, a row per value, with old None."""
    if old is not None:
        return difference(instance, old, new)
    strategy = declaration(instance)
    return [_row(name, None, new[name], strategy) for name in ordered(strategy, new) if name in new]


def ordered(strategy: Strategy | None, *sets: Values) -> list[str]:
    """Every parameter's name: those of the strategy in declared order, then what else is in the
    sets by name, since a database keeps no order."""
    declared = [parameter.name for parameter in strategy.parameters] if strategy else []
    return [*declared, *sorted({name for values in sets for name in values} - set(declared))]


def same(one: Value | None, other: Value | None) -> bool:
    """Whether two stored values are the same: 14 and 14.0 are, 1 and true are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def described(strategy: Strategy | None, name: str) -> Row:
    """Name, unit, kind and group of a parameter, as every row about one has them."""
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
    if not (_number(old) and _number(new)):
        return {"step": None, "relative": None, "steps": None}
    # In decimals as people write them: 0.3 - 0.1 is 0.2.
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


def _number(value: Value | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""The context of a trade: columns that every strategy has, declared features, and the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from trading import guard
from trading.strategies.base import Feature, Strategy
from trading.strategies.common import COMMON_CONTEXT

_COMMON = {feature.name: feature for feature in COMMON_CONTEXT}
_WHOLE = {"entry_hour": 23, "entry_day_of_week": 6}
_FLOATS = {name for name, feature in _COMMON.items() if feature.kind == "number"} - set(_WHOLE)
_BOOLEANS = {name for name, feature in _COMMON.items() if feature.kind == "boolean"}
_CHOICES = {name: frozenset(feature.choices) for name, feature in _COMMON.items()}


@dataclass(slots=True)
class Context:
    """Typed common columns (absent: None or ""), declared features, and everything else."""

    common: dict[str, Any]
    features: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)


def read_context(
    strategy: Strategy | None, values: dict[str, Any] | None, errors: dict[str, list[str]]
) -> Context | None:
    """Sort a reported context into its places; errors are keyed ``context.NAME``."""
    if not values:
        return None
    try:
        guard.json_value(values)
    except ValueError as error:
        errors["context"] = [str(error)]
        return None
    declared = _declared(strategy.features) if strategy else frozenset()
    context = Context({})
    for name, value in values.items():
        if name in _COMMON:
            try:
                if not _is_sound(name, value):
                    value = _common(name, value)
                context.common[name] = value
            except ValueError as error:
                errors[f"context.{name}"] = [str(error)]
        elif name in declared:
            context.features[name] = value
        else:
            context.other[name] = value
    return context


@lru_cache(maxsize=256)
def _declared(features: tuple[Feature, ...]) -> frozenset[str]:
    return frozenset(feature.name for feature in features)


def _is_sound(name: str, value: Any) -> bool:
    """What nearly all values are: told without a closer look, and kept as it is."""
    kind = type(value)
    if kind is float:
        return name in _FLOATS and -1e300 <= value <= 1e300
    if kind is str:
        return value in _CHOICES[name]
    return kind is bool and name in _BOOLEANS


def _common(name: str, value: Any) -> Any:
    feature = _COMMON[name]
    if value is None:
        return "" if feature.kind == "category" else None
    if feature.kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if feature.kind == "category":
        if value not in feature.choices:
            raise ValueError(f"must be one of {', '.join(feature.choices)}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    if name in _WHOLE:
        if value != int(value) or not 0 <= value <= _WHOLE[name]:
            raise ValueError(f"must be a whole number from 0 to {_WHOLE[name]}")
        return int(value)
    if not math.isfinite(value) or abs(value) > 1e300:
        raise ValueError("must be a finite number")
    return float(value)

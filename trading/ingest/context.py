"""The context of a trade: columns that every strategy has, declared features, and the rest."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import msgspec

from trading.strategies.base import Feature, Strategy
from trading.strategies.common import COMMON_CONTEXT
from trading.validation import limits

COMMON = {feature.name: feature for feature in COMMON_CONTEXT}
WHOLE = {"entry_hour": 23, "entry_day_of_week": 6}
FLOATS = {name for name, feature in COMMON.items() if feature.kind == "number"} - set(WHOLE)
BOOLEANS = {name for name, feature in COMMON.items() if feature.kind == "boolean"}
CHOICES = {name: frozenset(feature.choices) for name, feature in COMMON.items()}


class Context(msgspec.Struct, gc=False):
    """Typed common columns (absent: None or ""), declared features, and everything else."""

    common: dict[str, Any]
    features: dict[str, Any] = {}
    other: dict[str, Any] = {}


def read_context(
    strategy: Strategy | None, values: dict[str, Any] | None, errors: dict[str, list[str]]
) -> Context | None:
    """Sort a reported context into its places; errors are keyed ``context.NAME``."""
    if not values:
        return None
    try:
        limits.json_value(values)
    except ValueError as error:
        errors["context"] = [str(error)]
        return None
    own = declared(strategy.features) if strategy else frozenset()
    context = Context({})
    for name, value in values.items():
        if name in COMMON:
            try:
                context.common[name] = common_value(name, value)
            except ValueError as error:
                errors[f"context.{name}"] = [str(error)]
        elif name in own:
            context.features[name] = value
        else:
            context.other[name] = value
    return context


@lru_cache(maxsize=256)
def declared(features: tuple[Feature, ...]) -> frozenset[str]:
    return frozenset(feature.name for feature in features)


def common_value(name: str, value: object) -> Any:
    """The value of a common column. Raises ValueError."""
    return value if _is_plain(name, value) else _common(name, value)


def _is_plain(name: str, value: object) -> bool:
    """Whether a value is of a common valid form and stored unchanged."""
    if type(value) is float:
        return name in FLOATS and -1e300 <= value <= 1e300
    if type(value) is str:
        return value in CHOICES[name]
    return type(value) is bool and name in BOOLEANS


def _common(name: str, value: object) -> Any:
    feature = COMMON[name]
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
    if name in WHOLE:
        if value != int(value) or not 0 <= value <= WHOLE[name]:
            raise ValueError(f"must be a whole number from 0 to {WHOLE[name]}")
        return int(value)
    if not math.isfinite(value) or abs(value) > 1e300:
        raise ValueError("must be a finite number")
    return float(value)

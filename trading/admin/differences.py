"""How two sets of values differ, in words: old, new, and how large the step is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trading import display
from trading.display import label, setting
from trading.strategies.base import Strategy
from trading.strategies.parameters import Parameter

LARGE_SHARE = 0.25  # of what the declaration allows
LARGE_FACTOR = 3
_TIMES_FROM = 2  # so many times the old value reads better than "100 % more"


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter that changed. ``step`` is empty where there is no distance between values;
    ``large`` steps deserve a second look."""

    name: str
    label: str
    old: str
    new: str
    step: str = ""
    large: bool = False


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], strategy: Strategy | None
) -> list[Difference]:
    """What differs, in the order of the declaration; parameters that it lacks come last."""
    declared = {each.name: each for each in strategy.parameters} if strategy else {}
    names = [*declared, *(name for name in {**after, **before} if name not in declared)]
    return [
        _difference(name, before.get(name), after.get(name), declared.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _difference(name: str, old: Any, new: Any, parameter: Parameter | None) -> Difference:
    unit = parameter.unit if parameter else ""
    shown = Difference(name, label(name), setting(old, unit), setting(new, unit))
    if not (_number(old) and _number(new)):
        return shown
    return Difference(
        shown.name, shown.label, shown.old, shown.new,
        step=_step(old, new, unit), large=_large(old, new, parameter),
    )  # fmt: skip


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _step(old: float, new: float, unit: str) -> str:
    """``+1.5 bps, 38 % more``; the share only where both values lie above 0."""
    size = display.value(abs(new - old), "percentage points" if unit == "pct" else unit)
    distance = f"{'+' if new > old else '-'}{size}"
    if old <= 0 or new <= 0:
        return distance
    factor = new / old
    if factor >= _TIMES_FROM:
        return f"{distance}, {factor:.3g} times as much"
    share = abs(factor - 1) * 100
    return f"{distance}, {share:.{0 if share >= 10 else 1}f} % {'more' if factor > 1 else 'less'}"


def _large(old: float, new: float, parameter: Parameter | None) -> bool:
    if old > 0 and new > 0 and max(new / old, old / new) >= LARGE_FACTOR:
        return True
    low, high = getattr(parameter, "low", None), getattr(parameter, "high", None)
    if low is None or high is None or low == high:
        return False
    if getattr(parameter, "log", False) and old > 0 and new > 0:
        return abs(math.log(new / old)) >= LARGE_SHARE * math.log(high / low)
    return abs(new - old) >= LARGE_SHARE * (high - low)

"""The difference of two sets of values as text: old, new, and the size of the change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trading import formatting
from trading.formatting import setting
from trading.strategies.base import Strategy
from trading.strategies.parameters import Parameter

LARGE_SHARE = 0.25  # of the allowed range
LARGE_FACTOR = 3 - 1e-9  # 0.3 / 0.1 is a little less than 3
_FACTOR_FROM = 2  # from here on "x2" reads better than "+100%"


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed parameter. ``step`` is empty for values without a distance; ``large`` marks
    changes that deserve a second look."""

    name: str
    label: str
    old: str
    new: str
    step: str = ""
    large: bool = False


def readable(rows: Iterable[Mapping[str, Any]], strategy: Strategy | None) -> list[Difference]:
    """The rows of ``trading.parameters.diff`` as text."""
    declared = {parameter.name: parameter for parameter in strategy.parameters} if strategy else {}
    return [
        Difference(
            row["name"],
            row["label"],
            setting(row["old"], row["unit"]),
            setting(row["new"], row["unit"]),
            _step(row),
            _large(row, declared.get(row["name"])),
        )
        for row in rows
    ]


def _step(row: Mapping[str, Any]) -> str:
    """``+1.5 bps, +38%`` or ``+36 bps, x10``; the share only where both values are positive."""
    step, old, new = row["step"], row["old"], row["new"]
    if step is None:
        return ""
    unit = "percentage points" if row["unit"] == "pct" else row["unit"]
    distance = f"{'+' if step > 0 else '-'}{formatting.value(abs(step), unit)}"
    if old <= 0 or new <= 0:
        return distance
    factor = new / old
    if factor >= _FACTOR_FROM:
        return f"{distance}, x{factor:.3g}"
    share = abs(factor - 1) * 100
    shown = f"{share:.0f}" if share >= 10 else f"{share:.1f}".removesuffix(".0")
    return f"{distance}, {'+' if factor > 1 else '-'}{shown}%"


def _large(row: Mapping[str, Any], parameter: Parameter | None) -> bool:
    if row["step"] is None:
        return False
    old, new = row["old"], row["new"]
    positive = old > 0 and new > 0
    if positive and max(new / old, old / new) >= LARGE_FACTOR:
        return True
    low, high = getattr(parameter, "low", None), getattr(parameter, "high", None)
    if low is None or high is None or low == high:
        return False
    if getattr(parameter, "log", False) and positive:
        return abs(math.log(new / old)) >= LARGE_SHARE * math.log(high / low)
    return bool(abs(row["step"]) >= LARGE_SHARE * (high - low))

"""Metrics as plain numbers, for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def numbers(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics with money as float and tuples as lists."""
    return {name: _number(value) for name, value in metrics.items()}


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _number(part) for key, part in value.items()}
    return list(value) if isinstance(value, tuple) else value

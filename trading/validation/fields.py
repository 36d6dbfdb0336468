"""Checks of single fields from outside, each adding to a dict of errors keyed by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from trading.bots.catalog import Declared
from trading.clock import to_micros
from trading.ledger.amounts import amount, exact
from trading.strategies import UnknownStrategy
from trading.strategies.base import Strategy
from trading.validation import limits

Errors = dict[str, list[str]]
T = TypeVar("T")
INT64 = 2**63


def strategy(
    value: str, known: Declared, errors: Errors, name: str = "strategy"
) -> tuple[str, str, Strategy | None]:
    """Key, label and declaration of a strategy by any of its names."""
    try:
        return known.find(value)
    except UnknownStrategy as unknown:
        errors[name] = [str(unknown)]
        return "", "", None


def pattern(name: str, value: str, expected: re.Pattern[str], errors: Errors) -> str:
    if not expected.fullmatch(value):
        errors[name] = [f"must match {expected.pattern}"]
    return value


def choice(name: str, value: str, choices: tuple[str, ...], errors: Errors) -> str:
    if value not in choices:
        errors[name] = [f"must be {' or '.join(choices)}"]
    return value


def text(name: str, value: str, length: int, errors: Errors, required: bool = False) -> str:
    if required and not value.strip():
        errors[name] = ["must not be empty"]
    try:
        return limits.text(value, length) if value else value
    except ValueError as error:
        errors[name] = [str(error)]
        return ""


def decimal(name: str, value: object, errors: Errors, positive: bool = False) -> Decimal | None:
    """An amount of 15 significant digits; None stays None."""
    if value is None:
        return None
    try:
        parsed = amount(value)
    except ValueError as error:
        errors[name] = [str(error)]
        return None
    if positive and parsed <= 0:
        errors[name] = ["must be above 0"]
    return parsed


def number(name: str, value: object, errors: Errors, low: float, high: float) -> float | None:
    """A finite float64 within bounds; None stays None."""
    if value is None:
        return None
    # Anything but a float goes through Decimal, so that one grammar of numbers holds everywhere.
    parsed = value if type(value) is float else _try(name, lambda: float(exact(value)), errors)
    if parsed is None:
        return None
    if not (math.isfinite(parsed) and low <= parsed <= high):
        errors[name] = [f"must lie between {low:g} and {high:g}"]
    return parsed + 0.0


def integer(
    name: str, value: int | None, errors: Errors, low: int = 0, high: int = INT64 - 1
) -> int | None:
    if value is not None and not low <= value <= high:
        top = "2^63 - 1" if high == INT64 - 1 else str(high)
        errors[name] = [f"must be a whole number from {low} to {top}"]
    return value


def moment(name: str, value: object, errors: Errors) -> int | None:
    """Microseconds since 1970."""
    try:
        return to_micros(limits.moment(value))
    except ValueError as error:
        errors[name] = [str(error)]
        return None


def past(name: str, micros: int | None, errors: Errors) -> None:
    """Refuse what lies too far in the future, unless time is simulated."""
    latest = limits.latest()
    if micros is not None and latest and micros > to_micros(latest):
        errors[name] = ["is more than 5 minutes in the future"]


def json_value(name: str, value: object, errors: Errors, size: int = limits.BYTES) -> Any:
    return _try(name, lambda: limits.json_value(value, size), errors)


def _try(name: str, check: Callable[[], T], errors: Errors) -> T | None:
    try:
        return check()
    except ValueError as error:
        errors[name] = [str(error)]
        return None

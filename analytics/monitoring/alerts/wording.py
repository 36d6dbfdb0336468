"""How alerts put numbers: short, signed, and never more exact than they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
POINTS = 120


def day(number: int) -> str:
    """A day since 1970: ``3 March 2025``."""
    date = EPOCH + timedelta(days=int(number))
    return f"{date.day} {date:%B %Y}"


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %" if abs(share) >= 0.1 else f"{share * 100:.1f} %"


def signed(value: float, digits: int = 2, unit: str = " %") -> str:
    return f"{value:+.{digits}f}{unit}"


def hours(number: float) -> str:
    """A stretch of time, rounded: ``3 h``, ``2.5 days``, ``40 min``, ``30 s``."""
    if number < 1 / 60:
        return f"{number * 3_600:.0f} s"
    if number < 1:
        return f"{number * 60:.0f} min"
    return f"{number:.0f} h" if number < 48 else f"{number / 24:.1f} days"


def odds(chance: float, times: str = "days") -> str:
    """How rarely chance does it: ``about once in 400 days``."""
    if chance <= 1e-6:
        return f"less than once in a million {times}"
    return f"about once in {max(1.0, 1 / chance):,.0f} {times}".replace(",", " ")


def listed(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def picture(values: Sequence[float], limit: float | None = None) -> dict[str, Any]:
    """A curve for the alert's page: at most 120 points, and the bound that matters."""
    step = max(1, -(-len(values) // POINTS))
    return {
        "picture": [round(float(value), 4) for value in values[::-step]][::-1],
        "limit": None if limit is None else round(float(limit), 4),
    }

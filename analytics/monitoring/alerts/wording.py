"""Numbers and times in the sentences of alerts. Times are in UTC: a sentence is stored as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from trading import formatting

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
POINTS = 120


def day(number: int) -> str:
    """A day since 1970: ``3 March 2025``."""
    date = EPOCH + timedelta(days=int(number))
    return f"{date.day} {date:%B %Y}"


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def percent(share: float) -> str:
    """A share of 1 in percent: ``28.6%``, ``45%``."""
    return formatting.percent(share).text.replace(".0%", "%")


def signed(value: float, unit: str = "%", digits: int = 2) -> str:
    return formatting.result(value, unit, digits).text


def hours(number: float) -> str:
    """A duration given in hours: ``30 s``, ``40 min``, ``3 h``, ``2 d 12 h``."""
    seconds = number * 3_600
    return formatting.duration(round(seconds) if seconds < 60 else round(seconds / 60) * 60)


def odds(chance: float, times: str = "days") -> str:
    """How often chance alone gives a result: ``about once in 1,400 days``."""
    if chance <= 1e-6:
        return f"less than once in a million {times}"
    return f"about once in {max(1.0, 1 / chance):,.0f} {times}"


def listed(names: Iterable[str]) -> str:
    """``a, b and c``; at least one name."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def picture(
    values: Sequence[float] | np.ndarray,
    limit: float | None = None,
    *,
    title: str,
    since: str,
    unit: str = "",
    bound: str = "limit",
) -> dict[str, Any]:
    """The evidence for the chart on the alert's page: at most 120 points, and a horizontal line.

    ``title`` names the curve, ``unit`` its unit, ``since`` the time of the first value, ``bound``
    the line at ``limit``.
    """
    step = max(1, -(-len(values) // POINTS))
    return {
        "picture": [round(float(value), 4) for value in values[::-step]][::-1],
        "limit": None if limit is None else round(float(limit), 4),
        "curve": {"title": title, "unit": unit, "since": since, "bound": bound},
    }

"""Server-side charts: positions in percent of a frame; the stylesheet does the rest.

They need no script; screen readers use the tables beside them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trading.formatting import thin

TICKS = 7  # per axis, approximately
CURVE_POINTS = 300
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Axis:
    """The range of numbers along one side of a chart."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The position of a value, in percent from the low end."""
        return round((value - self.low) / (self.high - self.low) * 100, 2)

    def from_top(self, value: float) -> float:
        return round(100 - self.at(value), 2)

    @property
    def ticks(self) -> list[float]:
        """Round numbers within the range."""
        rough = (self.high - self.low) / TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)]


def axis(values: Sequence[float], *, zero: bool = True, room: float = 0.06) -> Axis:
    """An axis that includes all values (and 0) with a margin at both ends."""
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low) * room or abs(high) * room or 1.0
    return Axis(low - margin, high + margin)


def number(value: float) -> str:
    """A tick without floating-point noise."""
    return f"{0.0 if abs(value) < 1e-12 else value:.6g}"


def whiskers(rows: Sequence[tuple[float | None, tuple[float, float] | None]]) -> dict[str, Any]:
    """Averages with their intervals along a common axis (a forest plot).

    A row has ``dot`` (None without an average), and ``left`` and ``width`` of its interval.
    """
    known = [
        value
        for average, bounds in rows
        for value in (average, *(bounds or ()))
        if value is not None
    ]
    if not known:
        return {}
    along = axis(known)
    return {
        "rows": [_whisker(along, *row) for row in rows],
        "zero": along.at(0.0),
        "ticks": [{"at": along.at(tick), "text": number(tick)} for tick in along.ticks],
    }


def _whisker(
    along: Axis, average: float | None, bounds: tuple[float, float] | None
) -> dict[str, float | None]:
    place: dict[str, float | None] = {"dot": None, "left": None, "width": None}
    if average is not None:
        place["dot"] = along.at(average)
    if bounds is not None:
        place["left"] = along.at(bounds[0])
        place["width"] = round(along.at(bounds[1]) - along.at(bounds[0]), 2)
    return place


Curve = Sequence[tuple[datetime, float]]


def pnl_curves(curves: Sequence[tuple[str, Curve]]) -> dict[str, Any]:
    """Cumulative PnL curves over the days since their first point, so that they overlap.

    Curves of fewer than two points are left out; {} if none remains.
    """
    drawn = [(label, thin(curve, CURVE_POINTS)) for label, curve in curves if len(curve) > 1]
    if not drawn:
        return {}
    spans = [_days(curve) for _, curve in drawn]
    along = Axis(0.0, max(max(span) for span in spans) or 1.0)
    up = axis([value for _, curve in drawn for _, value in curve])
    lines = [
        {
            "label": label,
            "number": at,
            "last": f"{curve[-1][1]:+.3f}%",
            "points": " ".join(
                f"{along.at(day)},{up.from_top(value)}"
                for day, (_, value) in zip(span, curve, strict=True)
            ),
        }
        for at, ((label, curve), span) in enumerate(zip(drawn, spans, strict=True), 1)
    ]
    return {
        "lines": lines,
        "zero": up.from_top(0.0),
        "across": [{"at": up.from_top(tick), "text": number(tick)} for tick in up.ticks],
        "along": [{"at": along.at(tick), "text": number(tick)} for tick in along.ticks],
    }


def _days(curve: Curve) -> list[float]:
    start = curve[0][0]
    return [(at - start).total_seconds() / DAY for at, _ in curve]


def staircase(
    periods: Sequence[tuple[datetime, datetime | None, float]], now: datetime
) -> dict[str, Any]:
    """A value over time as steps: (from, until, value), ascending; until None means now."""
    if not periods:
        return {}
    start = periods[0][0]
    end = max([now, *(until for _, until, _ in periods if until)])
    along = Axis(0.0, (end - start).total_seconds() or 1.0)
    up = axis([value for _, _, value in periods], zero=False, room=0.15)
    points = []
    for since, until, value in periods:
        for moment in (since, until or end):
            points.append(f"{along.at((moment - start).total_seconds())},{up.from_top(value)}")
    return {
        "points": " ".join(points),
        "across": [{"at": up.from_top(tick), "text": number(tick)} for tick in up.ticks],
        "start": start,
        "end": end,
    }

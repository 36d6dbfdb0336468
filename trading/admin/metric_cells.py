"""Metrics of a version or a value as table cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading import formatting
from trading.formatting import Cell

Metrics = Mapping[str, Any]
Bounds = tuple[float, float] | None

NO_TRADES = "No trades yet"


def rate(metrics: Metrics | None) -> Cell:
    """The win rate in percent."""
    return formatting.percent((metrics or {}).get("win_rate"), why=NO_TRADES)


def average(metrics: Metrics | None) -> Cell:
    return formatting.result((metrics or {}).get("avg_pnl_pct"), "%", 4, NO_TRADES)


def drawdown(metrics: Metrics | None) -> Cell:
    value = (metrics or {}).get("max_drawdown_pct")
    return formatting.nothing(NO_TRADES) if value is None else Cell(f"{value:,.3f}", "number")


def between(bounds: Bounds, factor: float = 1, digits: int = 4) -> str:
    """``-0.0123 to 0.0456``; empty without an interval."""
    if bounds is None:
        return ""
    low, high = (f"{bound * factor:.{digits}f}" for bound in bounds)
    return f"{low} to {high}"


def row(label: str, metrics: Metrics | None) -> dict[str, Any]:
    """A row of a small table: trades, win rate, average PnL, drawdown."""
    known = metrics or {}
    return {
        "label": label,
        "trades": known.get("trades", 0),
        "rate": rate(metrics),
        "rate_between": between(known.get("win_rate_interval"), 100, 1),
        "average": average(metrics),
        "average_between": between(known.get("avg_pnl_pct_interval")),
        "drawdown": drawdown(metrics),
    }


def brief(metrics: Metrics | None) -> str:
    """The metrics in half a line: ``412 trades, win rate 54.1%, average +0.0123%``."""
    if not metrics or not metrics.get("trades"):
        return "no trades yet"
    count = metrics["trades"]
    won, mean = rate(metrics).text, average(metrics).text
    return f"{count:,} trade{'' if count == 1 else 's'}, win rate {won}, average {mean}"

"""The dashboard's table of strategies, and its curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from trading import formatting
from trading.admin.keyset import Column
from trading.formatting import Cell, thin
from trading.models import StrategyInstance

Curve = Sequence[tuple[datetime, float]]
Metrics = Mapping[str, Any]

SPARK_POINTS, CURVE_POINTS = 60, 400
SPARK_WIDTH, SPARK_HEIGHT = 100, 24

NO_TRADES = "No closed trade in this period"
WHY = {
    "avg_pnl_pct_interval": "A CI needs trades on at least 5 days",
    "profit_factor": "Undefined without a losing trade",
    "sharpe": "Needs at least 2 days with different results",
}

COLUMNS = [
    Column(label, lambda row: row, kind)
    for label, kind in (
        ("Strategy", "text"),
        ("Cumulative PnL", "text"),
        ("Trades", "number"),
        ("Win rate (95% CI)", "number"),
        ("Average PnL (95% CI)", "number"),
        ("Total PnL %", "number"),
        ("Profit factor", "number"),
        ("Max drawdown", "number"),
        ("Sharpe", "number"),
        ("PnL", "number"),
        ("Open positions", "number"),
    )
]


def strategy_rows(
    instances: Sequence[StrategyInstance],
    measured: Mapping[str, Metrics],
    curves: Mapping[str, Curve],
    positions: Mapping[int, int],
) -> list[dict[str, Any]]:
    """A row per strategy, including those without trades in the period."""
    rows = []
    for instance in instances:
        url = reverse("admin:trading_strategyinstance_change", args=[instance.pk])
        metrics = measured.get(instance.name, {})
        rows.append(
            {
                "name": Cell(instance.name, "text", "", url),
                "cells": _cells(metrics),
                "money": _money(metrics),
                "no_fees": bool(metrics.get("trades")) and metrics.get("fees_known") == 0,
                "open": formatting.count(positions.get(instance.pk, 0)),
                "spark": spark(curves.get(instance.name, ())),
            }
        )
    return rows


def _cells(metrics: Metrics) -> list[dict[str, Any]]:
    def why(name: str) -> str:
        return WHY.get(name, NO_TRADES) if metrics.get("trades") else NO_TRADES

    def number(name: str, digits: int, unit: str = "") -> Cell:
        value = metrics.get(name)
        if value is None:
            return formatting.nothing(why(name))
        return Cell(f"{value:,.{digits}f}{unit}", "number")

    rate, average = metrics.get("win_rate"), metrics.get("avg_pnl_pct")
    return [
        {"cell": formatting.count(metrics.get("trades", 0))},
        {
            "cell": formatting.percent(rate, why=NO_TRADES),
            "interval": _interval(metrics.get("win_rate_interval"), 100, 1),
        },
        {
            "cell": formatting.result(average, "%", 4, NO_TRADES),
            "interval": _interval(metrics.get("avg_pnl_pct_interval"), 1, 4),
            "why": "" if average is None else why("avg_pnl_pct_interval"),
        },
        {"cell": formatting.result(metrics.get("total_pnl_pct"), "%", 3, NO_TRADES)},
        {"cell": number("profit_factor", 2)},
        {"cell": number("max_drawdown_pct", 3, "%")},
        {"cell": number("sharpe", 2)},
    ]


def _interval(bounds: tuple[float, float] | None, factor: float, digits: int) -> str:
    if bounds is None:
        return ""
    low, high = (f"{bound * factor:.{digits}f}" for bound in bounds)
    return f"{low} to {high}"


def _money(metrics: Metrics) -> list[Cell]:
    totals = metrics.get("total_pnl") or {}
    shown = [formatting.money(value, currency) for currency, value in sorted(totals.items())]
    return shown or [formatting.nothing(NO_TRADES)]


def spark(curve: Curve) -> dict[str, Any] | None:
    """A curve as the points of a 100 x 24 sparkline; None with fewer than two points."""
    thinned = thin(curve, SPARK_POINTS)
    if len(thinned) < 2:
        return None
    values = [value for _, value in thinned]
    low, high = min(0.0, *values), max(0.0, *values)
    scale = (SPARK_HEIGHT - 2) / ((high - low) or 1)
    start, end = (thinned[at][0].timestamp() for at in (0, -1))
    width = SPARK_WIDTH / ((end - start) or 1)

    def y(value: float) -> float:
        return float(round(SPARK_HEIGHT - 1 - (value - low) * scale, 1))

    points = [f"{round((at.timestamp() - start) * width, 1)},{y(value)}" for at, value in thinned]
    return {"points": " ".join(points), "zero": y(0.0), "last": f"{values[-1]:+.3f}%"}


def curve_data(curves: Mapping[str, Curve]) -> list[dict[str, Any]]:
    """Curves for the chart script: epoch milliseconds and percent."""
    return [
        {
            "label": name,
            "points": [
                [round(at.timestamp() * 1000), round(value, 6)]
                for at, value in thin(curve, CURVE_POINTS)
            ],
        }
        for name, curve in curves.items()
        if len(curve) > 1
    ]

"""Experiments as a table: a row per arm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from trading.experiments.comparison import Comparison, Side
from trading.formatting import csv_export

_EXPERIMENT = ("experiment", "bot", "strategy", "design", "status", "started_at", "ended_at")
_ARM = ("arm", "version", "mode")
_METRICS = (
    "trades",
    "win_rate",
    "avg_pnl_pct",
    "total_pnl_pct",
    "profit_factor",
    "std_pct",
    "sharpe",
    "max_drawdown_pct",
)
_COMPARED = (
    "served_seconds",
    "blocks",
    "blocks_asked",
    "pct_per_day",
    "difference",
    "low",
    "high",
    "verdict",
    "sentence",
)
COLUMNS = (*_EXPERIMENT, *_ARM, *_METRICS, *_COMPARED)


def as_csv(comparisons: Iterable[Comparison]) -> Iterator[str]:
    """Lines of CSV with a header; differences are percentage points against the control."""
    rows = (_row(comparison, side) for comparison in comparisons for side in comparison.sides)
    return csv_export.lines(COLUMNS, rows)


def _row(comparison: Comparison, side: Side) -> list[Any]:
    experiment, result, against = comparison.experiment, side.result, side.against
    version, verdict = side.arm.parameter_set, side.verdict
    return [
        experiment.name,
        experiment.instance.bot.name,
        experiment.instance.name,
        experiment.design,
        experiment.status,
        experiment.started_at,
        experiment.ended_at,
        side.arm.name,
        version.version if version else None,
        result.selection.mode if result else None,
        *(result.metrics[name] if result else None for name in _METRICS),
        side.served.total_seconds() if side.served is not None else None,
        side.blocks,
        side.asked,
        side.pct_per_day,
        *((against.difference, against.low, against.high) if against else (None, None, None)),
        *((verdict.word, verdict.sentence) if verdict else (None, None)),
    ]

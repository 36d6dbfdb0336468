"""The change log as a flat table: a row per parameter and change, with its outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from trading.bots.catalog import declaration
from trading.formatting import csv_export
from trading.models import Mode, StrategyInstance
from trading.parameters.diff import ordered
from trading.parameters.outcomes import Outcome, of_changes

COLUMNS = (
    "strategy",
    "parameter_name",
    "old_value",
    "new_value",
    "changed_at",
    "changed_by",
    "reason",
    "version",
    "performance_before",
    "performance_after",
    "trades_before",
    "trades_after",
)


def rows(
    instances: Iterable[StrategyInstance],
    parameter: str | None = None,
    mode: str | None = Mode.LIVE,
    as_of: datetime | None = None,
) -> list[dict[str, Any]]:
    """Rows with the names of COLUMNS, newest first.

    ``changed_at`` is when the new value went live, an aware datetime; performance is the average
    PnL in percent (see outcomes). ``mode`` None takes the usual mode of each instance.
    """
    rows = [
        _row(outcome, change)
        for instance in instances
        for outcome in of_changes(instance, mode, as_of)
        for change in outcome.rows
        if parameter in (None, change["name"])
    ]
    # Stable: the parameters of a change stay in their declared order.
    return sorted(rows, key=lambda row: (row["changed_at"], row["version"]), reverse=True)


def names(instances: Iterable[StrategyInstance], as_of: datetime | None = None) -> list[str]:
    """Parameters of some instances: declared ones, then those that are only in their sets."""
    unique: dict[str, None] = {}
    for instance in instances:
        sets = instance.parameter_sets.all()
        sets = sets.filter(created_at__lte=as_of) if as_of else sets
        values = sets.values_list("values", flat=True)
        unique |= dict.fromkeys(ordered(declaration(instance), *values))
    return list(unique)


def _row(outcome: Outcome, change: dict[str, Any]) -> dict[str, Any]:
    return {
        "strategy": outcome.instance.name,
        "parameter_name": change["name"],
        "old_value": change["old"],
        "new_value": change["new"],
        "changed_at": outcome.changed_at,
        "changed_by": outcome.changed_by,
        "reason": outcome.after.reason,
        "version": outcome.after.version,
        "performance_before": outcome.performance_before,
        "performance_after": outcome.performance_after,
        "trades_before": outcome.trades_before,
        "trades_after": outcome.trades_after,
    }


def as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The rows as lines of CSV with a header; no cell runs as a formula."""
    return csv_export.lines(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))

"""The history of a strategy's live parameters, as a table that people can read."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from trading import display
from trading.models import LiveSet, ParameterSet
from trading.strategies.base import Strategy

SHOWN = 100


def moves(live: LiveSet, strategy: Strategy | None) -> list[dict[str, Any]]:
    """Moves of the pointer, newest first: when, who, from which version to which, what changed."""
    rows = list(
        live.history.select_related("history_user").order_by("-history_date", "-history_id")[
            : SHOWN + 1
        ]
    )
    sets = ParameterSet.objects.in_bulk({row.parameter_set_id for row in rows})
    return [
        {
            "at": row.history_date,
            "live_from": row.live_from,
            "by": row.history_user or "",
            "origin": row.get_origin_display(),
            "reason": row.reason,
            "before": sets.get(earlier.parameter_set_id) if earlier else None,
            "after": sets.get(row.parameter_set_id),
            "changes": _changes(
                sets.get(earlier.parameter_set_id) if earlier else None,
                sets.get(row.parameter_set_id),
                strategy,
            ),
        }
        for row, earlier in list(pairwise([*rows, None]))[:SHOWN]
    ]


def _changes(
    before: ParameterSet | None, after: ParameterSet | None, strategy: Strategy | None
) -> list[dict[str, str]]:
    if before is None or after is None:
        return []
    units = {each.name: each.unit for each in strategy.parameters} if strategy else {}
    names = [*after.values, *(name for name in before.values if name not in after.values)]
    return [
        {
            "label": display.label(name),
            "name": name,
            "old": display.value(before.values.get(name), units.get(name, "")),
            "new": display.value(after.values.get(name), units.get(name, "")),
        }
        for name in names
        if before.values.get(name) != after.values.get(name)
    ]

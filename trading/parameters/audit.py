"""Verifies the audit trail: what is live must be what its history says.

A contradiction means that something changed parameters without ``trading.parameters``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Max

from trading.models import LivePeriod, LiveSet, StrategyInstance

_TRACKED = {
    "parameter_set_id": "the set",
    "live_from": "the time it went live",
    "reason": "the reason",
    "origin": "the origin",
}


def check() -> list[dict[str, Any]]:
    """Return contradictions, each ``{"bot", "strategy", "problem"}``; empty if there are none.

    The newest history row must equal the live row, and the live set must belong to the instance
    and be the one that went live last.
    """
    newest = _newest_rows()
    last = dict(LivePeriod.objects.values_list("instance").annotate(Max("live_from")).order_by())
    contradictions: list[dict[str, Any]] = []
    for instance in StrategyInstance.objects.select_related("bot", "live__parameter_set"):
        try:
            live = instance.live
        except LiveSet.DoesNotExist:
            problems = ["no parameters are live"]
        else:
            problems = _problems(live, newest.get(live.pk), last.get(instance.pk))
        contradictions += [
            {"bot": instance.bot.name, "strategy": instance.name, "problem": problem}
            for problem in problems
        ]
    return contradictions


class Contradicted(Exception):
    """The live parameters differ from their history."""


def nightly(as_of: datetime) -> dict[str, int]:
    """The nightly job: verify what is live now, whatever ``as_of`` is.

    Raises Contradicted, so that the job fails and an alert opens.
    """
    contradictions = check()
    if contradictions:
        raise Contradicted(summary(contradictions))
    return {"strategies": StrategyInstance.objects.count()}


def summary(contradictions: list[dict[str, Any]]) -> str:
    """Return the contradictions in one line, at most 20 of them."""
    first = "; ".join(
        f"{row['strategy']} of {row['bot']}: {row['problem']}" for row in contradictions[:20]
    )
    return f"{len(contradictions)} found: {first}"


def _newest_rows() -> dict[int, Any]:
    rows = LiveSet.history.model.objects
    ids = rows.order_by().values("id").annotate(newest=Max("history_id")).values("newest")
    return {row.id: row for row in rows.filter(history_id__in=ids)}


def _problems(live: LiveSet, newest: models.Model | None, last: datetime | None) -> list[str]:
    if live.parameter_set.instance_id != live.strategy_instance_id:
        return ["the live set belongs to another strategy"]
    problems = []
    if newest is None:
        problems.append("there is no history of what is live")
    else:
        problems += [
            f"the newest row of the history differs from what is live: {field}"
            for name, field in _TRACKED.items()
            if getattr(live, name) != getattr(newest, name)
        ]
    if last != live.live_from:
        problems.append("another set went live later than the one that is live")
    return problems

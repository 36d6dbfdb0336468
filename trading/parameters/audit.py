"""Whether what is live is what its history says: findings mean that somebody went past the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from trading.models import LivePeriod, LiveSet, StrategyInstance

_TRACKED = {
    "parameter_set_id": "the set",
    "live_from": "since when it is live",
    "reason": "the reason",
    "origin": "where it came from",
}


def check() -> list[dict[str, Any]]:
    """What contradicts itself: ``{"bot", "strategy", "problem"}`` each, none where all is well.

    The newest line of the history must say what the pointer says, and the set that it points to
    must be the instance's own and the one that went live last.
    """
    newest = _newest_lines()
    last = dict(LivePeriod.objects.values_list("instance").annotate(Max("live_from")).order_by())
    found = []
    for instance in StrategyInstance.objects.select_related("bot", "live__parameter_set"):
        try:
            live = instance.live
        except LiveSet.DoesNotExist:
            problems = ["no parameters are live"]
        else:
            problems = _problems(live, newest.get(live.pk), last.get(instance.pk))
        found += [
            {"bot": instance.bot.name, "strategy": instance.name, "problem": problem}
            for problem in problems
        ]
    return found


class Contradicted(Exception):
    """What is live is not what the history says."""


def nightly(as_of: datetime) -> dict[str, int]:
    """The nightly job: what is live now against its history, whatever ``as_of`` is. Raises
    Contradicted, so that the job fails and somebody is told."""
    found = check()
    if found:
        raise Contradicted(told(found))
    return {"strategies": StrategyInstance.objects.count()}


def told(found: list[dict[str, Any]]) -> str:
    """Findings in one line."""
    some = "; ".join(f"{one['strategy']} of {one['bot']}: {one['problem']}" for one in found[:20])
    return f"{len(found)} found: {some}"


def _newest_lines() -> dict[int, Any]:
    rows = LiveSet.history.model.objects
    ids = rows.order_by().values("id").annotate(newest=Max("history_id")).values("newest")
    return {row.id: row for row in rows.filter(history_id__in=ids)}


def _problems(live: LiveSet, line: Any, last: Any) -> list[str]:
    if live.parameter_set.instance_id != live.strategy_instance_id:
        return ["the live set belongs to another strategy"]
    problems = []
    if line is None:
        problems.append("there is no history of what is live")
    else:
        problems += [
            f"the newest line of the history differs from what is live: {words}"
            for name, words in _TRACKED.items()
            if getattr(live, name) != getattr(line, name)
        ]
    if last != live.live_from:
        problems.append("another set went live later than the one that is live")
    return problems

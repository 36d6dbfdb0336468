"""What would let a strategy trade that hardly does: other values of the filter that holds it back,
each replayed, and the sentences that say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analytics.quant import sensitivity
from analytics.quant.outcome import Replayed
from analytics.research import funnel
from trading import formatting
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

FEW = 10  # trades: a replay with more has no filter that must be explained
VALUES = 8  # of each parameter
MOST_BARS = 10_000_000  # that all of these replays may walk along together


def tightest(
    rules: Strategy, evaluations: int, blocked: Mapping[str, int]
) -> tuple[str, int, int] | None:
    """The filter that holds back the largest share of what comes to it, of those that parameters
    loosen; with how many came and were held back. None where none held anything back."""
    steps = funnel.steps(rules.filters, evaluations, blocked)
    found = [one for one in steps if one.blocked and rules.loosened_by.get(one.name)]
    # Of two that let nothing by only the first was come to.
    best = max(found, key=lambda one: one.blocked / one.reached, default=None)
    return (best.name, best.reached, best.blocked) if best else None


def tried(
    values: Mapping[str, Value], found: Replayed, points: Callable[[str, list[Value]], list[Any]]
) -> dict[str, Any] | None:
    """Of a replay that hardly trades, what other values of the filter that holds it back most
    would have done; ``points`` replays values of one parameter. None where it trades, or where
    that would take long."""
    rules, room = found.strategy, MOST_BARS // max(len(found.bars), 1)
    tight = tightest(rules, found.evaluations, found.blocked)
    if tight is None or len(found.rows) >= FEW or not room:
        return None
    name, reached, blocked = tight
    most = min(VALUES, max(room // len(rules.loosened_by[name]), 1))
    made = []
    for one in map(rules.parameter, rules.loosened_by[name]):
        now = values[one.name]
        others = [value for value in sensitivity.grid(one, now, most) if value != now]
        made.append({"name": one.name, "declared": one.default, "points": points(one.name, others)})
    return {
        "filter": name,
        "reached": reached,
        "blocked": blocked,
        "trades": len(found.rows),
        "parameters": made,
    }


def sentences(found: Mapping[str, Any] | None, values: Mapping[str, Value]) -> list[str]:
    """``At min divergence strength 0.08, as declared, it would have traded 12 times, ...``"""
    if not found:
        return []
    name = formatting.label(found["filter"])
    came, held = funnel.number(found["reached"]), funnel.number(found["blocked"])
    first = (
        f"{name} held back all {came} that came to it."
        if found["reached"] == found["blocked"]
        else f"{name} held back {held} of the {came} that came to it."
    )
    told = [
        _sentence(one["name"], point, point[0] == one["declared"])
        for one in found["parameters"]
        for point in _worth_telling(one, values[one["name"]], found["trades"])
    ]
    if not told:
        names = ", ".join(formatting.label(one["name"]).lower() for one in found["parameters"])
        told = [f"No other value of {names} alone lets it trade more; other filters hold it back."]
    return [first, *told]


def _worth_telling(one: Mapping[str, Any], now: Value, trades: int) -> Sequence[Sequence[Any]]:
    """The declared value, and the one with most trades, where they trade more than now does."""
    more = [point for point in one["points"] if point[0] != now and point[1] > trades]
    most = max(more, key=lambda point: point[1], default=None)
    declared = [point for point in more if point[0] == one["declared"]]
    return declared if not most or most in declared else [*declared, most]


def _sentence(name: str, point: Sequence[Any], declared: bool) -> str:
    value, trades, total = point[:3]
    times = "once" if trades == 1 else f"{trades:,} times"
    as_declared = ", as declared," if declared else ""
    made = "" if total is None else f", result {total:+.2f} %"
    label = formatting.label(name).lower()
    return (
        f"At {label} {formatting.setting(value)}{as_declared} it would have traded {times}{made}."
    )

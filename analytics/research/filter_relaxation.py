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
    blocking = [step for step in steps if step.blocked and rules.loosened_by.get(step.name)]
    # Of two that let nothing by only the first was come to.
    best = max(blocking, key=lambda step: step.blocked / step.reached, default=None)
    return (best.name, best.reached, best.blocked) if best else None


def tried(
    values: Mapping[str, Value], replayed: Replayed, points: Callable[[str, list[Value]], list[Any]]
) -> dict[str, Any] | None:
    """Of a replay that hardly trades, what other values of the filter that holds it back most
    would have done; ``points`` replays values of one parameter. None where it trades, or where
    that would take long."""
    rules, room = replayed.strategy, MOST_BARS // max(len(replayed.bars), 1)
    tight = tightest(rules, replayed.evaluations, replayed.blocked)
    if tight is None or len(replayed.rows) >= FEW or not room:
        return None
    name, reached, blocked = tight
    most = min(VALUES, max(room // len(rules.loosened_by[name]), 1))
    parameters = []
    for parameter in map(rules.parameter, rules.loosened_by[name]):
        now = values[parameter.name]
        others = [value for value in sensitivity.grid(parameter, now, most) if value != now]
        parameters.append(
            {
                "name": parameter.name,
                "declared": parameter.default,
                "points": points(parameter.name, others),
            }
        )
    return {
        "filter": name,
        "reached": reached,
        "blocked": blocked,
        "trades": len(replayed.rows),
        "parameters": parameters,
    }


def sentences(relaxations: Mapping[str, Any] | None, values: Mapping[str, Value]) -> list[str]:
    """``At min divergence strength 0.08, as declared, it would have traded 12 times, ...``"""
    if not relaxations:
        return []
    name = formatting.label(relaxations["filter"])
    came, held = funnel.number(relaxations["reached"]), funnel.number(relaxations["blocked"])
    first = (
        f"{name} held back all {came} that came to it."
        if relaxations["reached"] == relaxations["blocked"]
        else f"{name} held back {held} of the {came} that came to it."
    )
    texts = [
        _sentence(parameter["name"], point, point[0] == parameter["declared"])
        for parameter in relaxations["parameters"]
        for point in _worth_telling(parameter, values[parameter["name"]], relaxations["trades"])
    ]
    if not texts:
        names = ", ".join(
            formatting.label(parameter["name"]).lower() for parameter in relaxations["parameters"]
        )
        texts = [f"No other value of {names} alone lets it trade more; other filters hold it back."]
    return [first, *texts]


def _worth_telling(
    parameter: Mapping[str, Any], now: Value, trades: int
) -> Sequence[Sequence[Any]]:
    """The declared value, and the one with most trades, where they trade more than now does."""
    more = [point for point in parameter["points"] if point[0] != now and point[1] > trades]
    most = max(more, key=lambda point: point[1], default=None)
    declared = [point for point in more if point[0] == parameter["declared"]]
    return declared if not most or most in declared else [*declared, most]


def _sentence(name: str, point: Sequence[Any], declared: bool) -> str:
    value, trades, total = point[:3]
    times = "once" if trades == 1 else f"{trades:,} times"
    as_declared = ", as declared," if declared else ""
    result = "" if total is None else f", result {total:+.2f} %"
    label = formatting.label(name).lower()
    return (
        f"At {label} {formatting.setting(value)}{as_declared} it would have traded {times}{result}."
    )

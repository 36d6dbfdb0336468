"""Targets, stops and holding times a step away: the same days replayed with each, held against
what is live day by day, and claimed only beyond what trying so many would bring by chance."""

from __future__ import annotations

from analytics.quant import lookback, outcome, sensitivity
from analytics.reports import text as words
from trading.ledger import arms
from trading.strategies.base import InvalidValues
from trading.strategies.engine.walk import BadInterval
from trading.strategies.parameters import Integer, Number, Parameter, Value

from .base import Case, Confidence, Kind, Proposal, direction

GROUP = "exits"
FEWEST = 50  # trades of the live values in the 30 days, before anything is compared
STEPS = 2  # to each side on the grid of a parameter


def propose(case: Case) -> list[Proposal]:
    """At most one: the value that gains most, where that is beyond chance and no lone peak."""
    if case.source is None or case.values is None or not case.section["now"]["trades"]:
        return []
    live = case.tried()
    if len(live.rows) < FEWEST:
        return []
    days = lookback.daily(live)
    tried = [(one, value) for one in _parameters(case) for value in _beside(case, one)]
    found = []
    for parameter, value in tried:
        try:
            replay = case.tried(**{parameter.name: value})
        except (InvalidValues, BadInterval):
            continue
        gap = arms.paired(days, lookback.daily(replay), len(tried))
        if gap is not None and gap.beyond_chance and gap.difference > 0:
            found.append((gap, parameter, value, replay))
    if not found:
        return []
    return [_proposal(case, live, len(tried), *max(found, key=lambda one: one[0].low or 0.0))]


def _parameters(case: Case) -> list[Parameter]:
    assert case.rules is not None
    return [
        one
        for one in case.rules.parameters
        if one.group == GROUP and one.tuned and isinstance(one, Number | Integer)
    ]


def _beside(case: Case, parameter: Parameter) -> list[Value]:
    """The values next to the live one on the parameter's grid."""
    assert case.source is not None
    live = case.source.values[parameter.name]
    grid = sensitivity.grid(parameter, live)
    at = grid.index(live)
    return [*grid[max(0, at - STEPS) : at], *grid[at + 1 : at + 1 + STEPS]]


def _proposal(
    case: Case,
    live: outcome.Replayed,
    looks: int,
    gap: arms.Difference,
    parameter: Parameter,
    value: Value,
    replay: outcome.Replayed,
) -> Proposal:
    assert case.values is not None
    name, old = parameter.name, case.values[parameter.name]
    now, then = outcome.measured(live), outcome.measured(replay)
    run = case.along(name)
    points = run.summary["points"]
    at = next((at for at, one in enumerate(points) if one[0] == value), None)
    lone = at is not None and sensitivity.shape([one[2] for one in points], at) == "spike"
    still = " It would still lose." if (then["avg_pnl_pct"] or 0.0) < 0 else ""
    return Proposal(
        Kind.PARAMETER,
        f"tune:{name}:{direction(old, value)}",
        f"{case.change(name, old, value)}.{still}",
        [
            {
                "text": f"Replayed on the same {case.days} the average trade makes "
                f"{words.pct(then['avg_pnl_pct'], 3)} instead of "
                f"{words.pct(now['avg_pnl_pct'], 3)}: {words.signed(gap.low)} to "
                f"{words.signed(gap.high)} percentage points better, allowing for the "
                f"{looks} values that were looked at.",
                "run": run.pk,
            },
            {
                "text": "It stands alone: values right beside it make less than half as much, "
                "which is often luck."
                if lone
                else "The values beside it do about as well.",
                "run": run.pk,
            },
        ],
        60.0 + gap.difference,
        Confidence.LOW if lone else Confidence.MEDIUM,
        {name: [old, value]},
        {
            "avg_pnl_pct": gap.difference,
            "low": gap.low,
            "high": gap.high,
            "trades": gap.trades[1],
            "of": "the average trade against what is live, replayed",
        },
        "A replay assumes fills and costs, and looks back at 30 days.",
        "An experiment against the live values.",
    )

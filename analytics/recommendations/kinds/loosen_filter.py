"""A strategy that does not trade: which filter holds it back, and what a nearer value would do."""

from __future__ import annotations

from typing import Any

from analytics.models import Run
from analytics.quant import outcome
from analytics.reports import text as words
from analytics.research import bars, funnel
from trading import formatting
from trading.strategies.base import InvalidValues
from trading.strategies.engine.walk import BadInterval
from trading.strategies.parameters import Value

from .base import Case, Confidence, Kind, Proposal, direction

IDLE = 1.0  # trades a day: below, a strategy that made none today is looked at
ENOUGH = 5  # trades in 30 days: so many more make a value worth trying


def propose(case: Case) -> list[Proposal]:
    """The nearest value that lets it trade; or to leave it, where that only loses."""
    if not _idle(case.section) or case.source is None or case.values is None:
        return []
    live = case.tried()
    if len(live.rows) >= ENOUGH or case.section["recent"]["trades"] >= ENOUGH:
        # Either the rules trade, or the bot itself did not long ago: no value is to blame.
        return [_check(case, live)]
    found = [one for name in _parameters(case, live) if (one := _nearest(case, name, live))]
    return sorted(found, key=lambda one: -one.rank)[:2]


def _idle(section: dict[str, Any]) -> bool:
    return not section["now"]["trades"] and section["base"]["trades"] < 7 * IDLE


def _check(case: Case, live: outcome.Replayed) -> Proposal:
    """What the bot does and what its rules make of the candles do not go together."""
    made, theirs = outcome.measured(live), case.section["recent"]
    told = words.count(theirs["trades"], "trade") if theirs["trades"] else "none"
    name, loses = case.instance.name, (made["total_pnl_pct"] or 0.0) < 0
    what = f"Look whether the bot runs {name}" + (
        ": it has stopped trading."
        if theirs["trades"]
        else ": its rules trade on the stored candles, and it does not."
    )
    return Proposal(
        Kind.CHECK,
        "check:idle",
        what,
        [
            {
                "text": f"Replayed on the {case.days} of candles before, the live values make "
                f"{words.count(made['trades'], 'trade')} ({words.pct(made['total_pnl_pct'])} "
                f"after assumed costs); in the last 30 days the bot reported {told}.",
                "run": case.live().pk,
            }
        ],
        40.0,
        Confidence.MEDIUM,
        risk="In the replay these values lose: that it does not trade may be for the best."
        if loses
        else "None: nothing is changed.",
        test="Let the bot send evaluation counts: they show which filter it meets.",
    )


def _parameters(case: Case, live: outcome.Replayed) -> list[str]:
    """Those of the filters that held anything back, the most first."""
    assert case.rules is not None
    blocking = sorted(
        (name for name in case.rules.filters if live.blocked.get(name)),
        key=lambda name: -live.blocked[name],
    )
    return [name for one in blocking for name in case.rules.loosened_by.get(one, ())]


def _nearest(case: Case, name: str, live: outcome.Replayed) -> Proposal | None:
    """The value nearest to the live one at which it trades enough."""
    try:
        run = case.along(name)
    except (InvalidValues, BadInterval, bars.NoBars):
        return None
    assert case.values is not None
    old = case.values[name]
    enough = [
        point
        for point in run.summary["points"]
        if point[1] >= len(live.rows) + ENOUGH and point[0] != old
    ]
    if not enough or not isinstance(old, int | float):
        return None
    point = min(enough, key=lambda one: abs(one[0] - old))
    return _proposal(case, name, old, point, run, live)


def _proposal(
    case: Case, name: str, old: Value, point: list[Any], run: Run, live: outcome.Replayed
) -> Proposal:
    new = point[0]
    made = outcome.measured(case.tried(**{name: new}))
    bounds = made["avg_pnl_pct_interval"]
    evidence = [
        {
            "text": f"Replayed on the {case.days} of candles before: "
            f"{words.count(len(live.rows), 'trade')} at "
            f"{words.setting(old)}, {made['trades']} at {words.setting(new)} "
            f"({words.pct(made['total_pnl_pct'])} after assumed costs).",
            "run": run.pk,
        },
        {"text": f"What held it back: {_held(live)}.", "part": "funnel"},
    ]
    effect = {
        "trades": made["trades"],
        "avg_pnl_pct": made["avg_pnl_pct"],
        "low": bounds[0] if bounds else None,
        "high": bounds[1] if bounds else None,
        "of": "the average trade of the replay",
    }
    if bounds and bounds[1] < 0:
        return Proposal(
            Kind.NOTHING,
            f"leave:{name}",
            f"Leave {case.instance.name}.{name} at {words.setting(old)}: at {words.setting(new)} "
            "it would trade, and lose.",
            evidence,
            35.0,
            Confidence.MEDIUM,
            effect=effect,
            risk="It may stay without trades.",
        )
    loses = (made["avg_pnl_pct"] or 0.0) < 0
    return Proposal(
        Kind.PARAMETER,
        f"loosen:{name}:{direction(old, new)}",
        f"{case.change(name, old, new)}: it would trade{', so far at a loss' if loses else ''}.",
        evidence,
        35.0 if loses else 80.0,
        Confidence.MEDIUM if bounds and bounds[0] > 0 else Confidence.LOW,
        {name: [old, new]},
        effect,
        "The value was chosen because it trades, not because it gains: the filter may have held "
        "back losses.",
        f"An experiment of {formatting.label(name).lower()}, or a replay of other months.",
    )


def _held(live: outcome.Replayed) -> str:
    steps = funnel.steps(live.strategy.filters, live.evaluations, live.blocked)
    return funnel.sentence(live.evaluations, live.signals, steps)

"""Move a target, stop or holding time a step: backtests of the same days are compared day by day
with the live values, corrected for the number of values tested."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.quant import lookback, outcome, sensitivity
from analytics.reports.data import Effect, Evidence
from trading.formatting import signed
from trading.ledger import arms
from trading.strategies.base import InvalidValues
from trading.strategies.engine.walk import BadInterval
from trading.strategies.parameters import Integer, Number, Value

from .base import Action, Case, Confidence, Need, Proposal, RecommendationKind, direction

GROUP = "exits"
FEWEST = 50  # trades of the live values in 30 days, before anything is compared
STEPS = 2  # to each side on the grid of a parameter


@dataclass(frozen=True, slots=True)
class _Trial:
    """A value that does significantly better than the live one."""

    name: str
    value: Value
    replay: outcome.Replayed
    gap: arms.Difference


def _propose(case: Case) -> list[Proposal]:
    """At most one: the value with the largest significant gain."""
    if not case.section.now.trades:
        return []
    live = case.lookback.replay()
    if len(live.rows) < FEWEST:
        return []
    days, candidates = lookback.daily(live), _candidates(case)
    better = []
    for name, value in candidates:
        try:
            replay = case.lookback.replay(**{name: value})
        except (InvalidValues, BadInterval):
            continue
        gap = arms.paired(days, lookback.daily(replay), len(candidates))
        if gap is not None and gap.beyond_chance and gap.difference > 0:
            better.append(_Trial(name, value, replay, gap))
    if not better:
        return []
    best = max(better, key=lambda trial: trial.gap.low or 0.0)
    return [_proposal(case, live, len(candidates), best)]


def _candidates(case: Case) -> list[tuple[str, Value]]:
    """The grid values next to the live one, of each tuned exit parameter."""
    candidates: list[tuple[str, Value]] = []
    for parameter in case.lookback.source.rules.parameters:
        if parameter.group != GROUP or not parameter.tuned:
            continue
        if isinstance(parameter, Number | Integer):
            live = case.lookback.source.values[parameter.name]
            grid = sensitivity.grid(parameter, live)
            at = grid.index(live)
            beside = [*grid[max(0, at - STEPS) : at], *grid[at + 1 : at + 1 + STEPS]]
            candidates += [(parameter.name, value) for value in beside]
    return candidates


def _proposal(case: Case, live: outcome.Replayed, tested: int, trial: _Trial) -> Proposal:
    name, new, gap, old = trial.name, trial.value, trial.gap, case.values[trial.name]
    now, then = outcome.measured(live), outcome.measured(trial.replay)
    run = case.lookback.sensitivity_run(name)
    lone = _is_spike(run.summary["points"], new)
    loss = ", still at a loss" if (then["avg_pnl_pct"] or 0.0) < 0 else ""
    return Proposal(
        Action.PARAMETER,
        f"{name}:{direction(old, new)}",
        f"{case.change(name, old, new)}{loss}.",
        [
            Evidence(
                text=f"Backtest of the same {case.lookback.length}: average PnL "
                f"{signed(then['avg_pnl_pct'], digits=3)} instead of "
                f"{signed(now['avg_pnl_pct'], digits=3)}, a gain of {signed(gap.low, '', 3)} to "
                f"{signed(gap.high, '', 3)} percentage points (95% CI, corrected for {tested} "
                "tested values).",
                run=run.pk,
            ),
            Evidence(
                text="Neighbouring values gain less than half as much: possibly luck."
                if lone
                else "Neighbouring values do about as well.",
                run=run.pk,
            ),
        ],
        60.0 + gap.difference,
        Confidence.LOW if lone else Confidence.MEDIUM,
        {name: (old, new)},
        Effect(
            avg_pnl_pct=gap.difference,
            low=gap.low,
            high=gap.high,
            trades=gap.trades[1],
            of="average PnL per trade vs live values, in the backtest",
        ),
        "A backtest assumes fills and costs, and covers 30 days.",
        "Run an experiment against the live values.",
    )


def _is_spike(points: list[tuple[float, int, float]], value: Value) -> bool:
    """Whether a value stands out from its neighbours in a sensitivity run."""
    at = next((at for at, point in enumerate(points) if point[0] == value), None)
    return at is not None and sensitivity.shape([point[2] for point in points], at) == "spike"


KIND = RecommendationKind("tune", "Tune an exit", _propose, frozenset({Need.VALUES, Need.CANDLES}))

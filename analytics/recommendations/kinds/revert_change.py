"""Roll back the latest change of parameters if it made things worse, or wait for its result."""

from __future__ import annotations

from analytics.reports.data import Change, Evidence
from trading.parameters.verdict import WORSE

from .base import Action, Case, Confidence, Proposal, RecommendationKind


def _propose(case: Case) -> list[Proposal]:
    if not case.section.changes:
        return []
    newest = case.section.changes[0]
    if newest.version != case.section.version:
        return []
    if newest.word == WORSE and newest.compared:
        return [_roll_back(case, newest, newest.compared)]
    return [_wait(case, newest, newest.more_trades)] if newest.more_trades else []


def _roll_back(case: Case, change: Change, before: int) -> Proposal:
    return Proposal(
        Action.ROLLBACK,
        f"{change.version}:{before}",
        f"Roll back {case.name} to version {before}: its average PnL fell since version "
        f"{change.version} went live.",
        [Evidence(text=change.sentence, version=change.version)],
        100.0,
        Confidence.MEDIUM,
        {name: (new, old) for name, old, new in change.parameters},
        risk="Before and after are different markets: part of the fall may be the market.",
        test="Run both versions in an experiment.",
    )


def _wait(case: Case, change: Change, more: int) -> Proposal:
    return case.no_change(
        case.trades_needed(more),
        Evidence(text=f"Version {change.version}: {change.sentence}", version=change.version),
        rank=30.0,
        confidence=Confidence.HIGH,
        action=Action.WAIT,
    )


KIND = RecommendationKind("rollback", "Roll back a change", _propose)

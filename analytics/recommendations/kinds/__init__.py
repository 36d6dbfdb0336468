"""Kinds of recommendation, one file each. To add one: write its file, add its line here.

``base.Case`` explains what a kind is given, ``base.Proposal`` what it returns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from analytics.reports.data import Evidence

from . import (
    avoid_setup,
    exit_levels,
    import_parameters,
    loosen_filter,
    no_change,
    pause,
    revert_change,
    tune_exits,
)
from .base import Case, Confidence, Proposal, RecommendationKind

KINDS: tuple[RecommendationKind, ...] = (
    revert_change.KIND,
    loosen_filter.KIND,
    tune_exits.KIND,
    avoid_setup.KIND,
    exit_levels.KIND,
)
# Asked in this order if no other kind proposes anything; the first to answer wins.
FALLBACKS: tuple[RecommendationKind, ...] = (import_parameters.KIND, pause.KIND, no_change.KIND)
UNRELIABLE = 30.0  # subtracted from the rank if the evidence is an unreliable backtest


class Keyed(NamedTuple):
    """A proposal with the key of its row."""

    key: str
    proposal: Proposal


def proposals(case: Case) -> list[Keyed]:
    """All proposals for a strategy, the highest rank first; never empty."""
    keyed = [
        Keyed(kind.row_key(proposal), _with_fidelity(case, proposal))
        for kind in KINDS
        for proposal in kind.proposals(case)
    ]
    for kind in FALLBACKS:
        if not keyed:
            keyed = [Keyed(kind.row_key(proposal), proposal) for proposal in kind.proposals(case)]
    return sorted(keyed, key=lambda item: -item.proposal.rank)


def label(key: str) -> str:
    """The label of the kind that a row's key belongs to."""
    labels = {kind.key: kind.label for kind in (*KINDS, *FALLBACKS)}
    return labels.get(key.partition(":")[0], key)


def _with_fidelity(case: Case, proposal: Proposal) -> Proposal:
    """Adds how reliable backtests of the strategy are, if the evidence is one."""
    fidelity = case.fidelity
    if fidelity.trusted or not any(evidence.run for evidence in proposal.evidence):
        return proposal
    reason = fidelity.reasons[0] if fidelity.reasons else ""
    run = fidelity.run.pk if fidelity.run else None
    if fidelity.doubted:
        text = f"Backtests of {case.name} are not reliable: {reason}"
        return replace(
            proposal,
            evidence=[Evidence(text=text, run=run), *proposal.evidence],
            confidence=Confidence.LOW,
            rank=proposal.rank - UNRELIABLE,
        )
    text = f"Backtest accuracy is not known. {reason}".strip()
    return replace(proposal, evidence=[*proposal.evidence, Evidence(text=text, run=run)])


__all__ = ["Case", "Keyed", "Proposal", "label", "proposals"]

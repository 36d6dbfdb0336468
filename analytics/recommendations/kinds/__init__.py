"""Kinds of advice, one file each. To add one, write its file and name it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import avoid_setup, exit_levels, loosen_filter, revert_change, tune_exits, wait
from .base import Case, Confidence, Proposal

KINDS: tuple[Callable[[Case], list[Proposal]], ...] = (
    revert_change.propose,
    loosen_filter.propose,
    tune_exits.propose,
    avoid_setup.propose,
    exit_levels.propose,
)


DOUBTED = 30.0  # of a rank: what rests on replays that are not trusted


def proposals(case: Case) -> list[Proposal]:
    """What is advised of a strategy, the weightiest first; patience where there is nothing."""
    found = [_believed(case, one) for propose in KINDS for one in propose(case)]
    found = found or wait.propose(case)
    return sorted(found, key=lambda one: -one.rank)


def _believed(case: Case, one: Proposal) -> Proposal:
    """Says how far the replays deserve belief that a proposal rests on, if it does on any."""
    if case.trust.trusted or not any("run" in each for each in one.evidence):
        return one
    why = case.trust.reasons[0] if case.trust.reasons else ""
    more = {"run": case.trust.run.pk} if case.trust.run else {}
    if case.trust.doubted:
        said = {"text": f"Replays of {case.instance.name} are not trusted: {why}", **more}
        return replace(
            one, evidence=[said, *one.evidence], confidence=Confidence.LOW, rank=one.rank - DOUBTED
        )
    said = {"text": f"It is not known whether its replays deserve belief. {why}", **more}
    return replace(one, evidence=[*one.evidence, said])


__all__ = ["Case", "Proposal", "proposals"]

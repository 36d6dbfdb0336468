"""Kinds of advice, one file each. To add one, write its file and name it here."""

from __future__ import annotations

from collections.abc import Callable

from . import changes, levels, loosen, mined, patience, tune
from .base import Case, Proposal

KINDS: tuple[Callable[[Case], list[Proposal]], ...] = (
    changes.propose, loosen.propose, tune.propose, mined.propose, levels.propose,
)  # fmt: skip


def proposals(case: Case) -> list[Proposal]:
    """What is advised of a strategy, the weightiest first; patience where there is nothing."""
    found = [one for propose in KINDS for one in propose(case)]
    found = found or patience.propose(case)
    return sorted(found, key=lambda one: -one.rank)


__all__ = ["Case", "Proposal", "proposals"]

"""What every kind of recommendation declares."""

from __future__ import annotations

import pytest

from analytics.models import STANDING_KEY, Recommendation
from analytics.recommendations import kinds
from analytics.recommendations.kinds.base import Case, Need, Proposal, RecommendationKind

ALL = (*kinds.KINDS, *kinds.FALLBACKS)


def test_keys_and_labels_are_unique_and_found_by_the_key_of_a_row():
    assert len({kind.key for kind in ALL}) == len({kind.label for kind in ALL}) == len(ALL)
    assert [kinds.label(f"{kind.key}:subject") for kind in ALL] == [kind.label for kind in ALL]
    assert kinds.label(STANDING_KEY) == "No change"


class Lacking(Case):
    def __init__(self, *available: Need) -> None:
        self.available = available

    def has(self, need: Need) -> bool:
        return need in self.available


def test_a_kind_is_asked_only_if_all_that_it_needs_is_known():
    proposal = Proposal(Recommendation.Kind.CHECK, "x", "Check x.", [], 1.0)
    kind = RecommendationKind("x", "X", lambda case: [proposal], frozenset(Need))
    assert list(kind.proposals(Lacking(Need.VALUES))) == []
    assert list(kind.proposals(Lacking(*Need))) == [proposal]


def test_a_row_has_the_same_key_each_day_and_a_standing_entry_one_per_strategy():
    kind = RecommendationKind("x", "X", lambda case: [])
    assert kind.row_key(Proposal("check", "subject", "Day 1", [], 1.0)) == "x:subject"
    assert kind.row_key(Proposal("wait", "", "Wait", [], 1.0, standing=True)) == STANDING_KEY


def test_values_that_are_unknown_are_not_read():
    case = Lacking()
    case.__dict__.update(_values=None, _lookback=None)
    with pytest.raises(LookupError, match="live parameters are known"):
        _ = case.values
    with pytest.raises(LookupError, match="can be backtested"):
        _ = case.lookback

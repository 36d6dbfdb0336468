"""Why a replay is not believed: what is known to stand in the way, the most likely first."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.quant import fidelity
from analytics.quant.fidelity import Trades
from analytics.research import fidelity_reasons
from analytics.research.fidelity_reasons import Facts
from trading.strategies import get


def facts(matched=50, missing=50, **changes) -> Facts:
    """Of trades an hour apart, those missed made by the replay half an hour later."""
    at = 3_600.0 * np.arange(matched + missing)
    late = np.where(np.arange(at.size) < matched, 0.0, 1_800.0)
    ones, reason = np.ones(at.size), np.full(at.size, "take_profit", dtype=object)
    live = Trades(ones, at, at + 60, ones, ones, ones, reason)
    replay = Trades(ones, at + late, at + late + 60, ones, ones, ones, reason)
    usual = {
        "compared": fidelity.compare(live, replay, 60.0),
        "strategy": get("rsi_bb"),
        "interval": 15,
        "candle": 60,
        "raised": False,
        "gaps": 0,
        "unknown": 0,
        "unseen": 0,
        "different": 0,
        "unreported": 0,
        "flatters": False,
    }
    return Facts(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        (
            {"raised": True, "interval": 300, "candle": 300},
            "The stored candles (5 min) are longer than the strategy's",
        ),
        ({"interval": 60}, "The bot sees prices inside its candles of 1 min"),
        ({"different": 90}, "90 of 100 trades report another version"),
        ({"unseen": 90}, "90 trades were entered where no candles are stored"),
        ({"unknown": 90}, "90 trades were entered while it is not known"),
        ({"gaps": 3}, "The candles have 3 gaps"),
        ({"unreported": 100}, "The bot does not report the version"),
        ({}, "What is stored explains little of it"),
    ],
)
def test_the_likeliest_reason_comes_first(changes, first):
    found = facts(**changes)
    assert fidelity_reasons.verdict(found) == fidelity_reasons.DOUBT
    assert fidelity_reasons.reasons(found)[0].startswith(first)


def test_what_is_trusted_needs_no_reason_unless_it_flatters():
    assert (
        fidelity_reasons.verdict(facts(100, 0)) == fidelity_reasons.TRUST
        and fidelity_reasons.reasons(facts(100, 0)) == []
    )
    assert fidelity_reasons.verdict(facts(100, 0, flatters=True)) == fidelity_reasons.DOUBT
    assert "more than the costs" in fidelity_reasons.reasons(facts(100, 0, flatters=True))[-1]


def test_where_more_is_left_out_than_compared_nothing_is_known():
    assert fidelity_reasons.verdict(facts(100, 0, unseen=101)) == fidelity_reasons.UNKNOWN
    assert fidelity_reasons.verdict(facts(19, 0)) == fidelity_reasons.UNKNOWN

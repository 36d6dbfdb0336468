"""Targets and stops from what trades reached, where the rules cannot be replayed."""

from __future__ import annotations

from typing import Any

from analytics.reports import text as words

from .base import Case, Confidence, Kind, Proposal, direction

PARAMETERS = {"target": "take_profit_bps", "stop": "stop_loss_bps"}


def propose(case: Case) -> list[Proposal]:
    """The target or stop alone whose worst reading beats what was, beyond chance."""
    found = case.section["exits"]
    if case.source is not None or case.values is None or not found:
        return []
    better = [
        (one["change_low"], which, one)
        for which, other in (("target", "stop"), ("stop", "target"))
        for one in found["better"]
        if one[which] is not None and one[other] is None
    ]
    better = [each for each in better if PARAMETERS[each[1]] in case.values]
    return [
        _proposal(case, which, one)
        for _, which, one in sorted(better, key=lambda each: -each[0])[:1]
    ]


def _proposal(case: Case, which: str, one: dict[str, Any]) -> Proposal:
    assert case.values is not None
    name = PARAMETERS[which]
    old, new = case.values[name], round(one[which] * 100, 1)
    return Proposal(
        Kind.PARAMETER,
        f"level:{name}:{direction(old, new)}",
        f"{case.change(name, old, new)}.",
        [
            {
                "text": f"{words.count(one['trades'], 'trade')} made {words.pct(one['now'], 3)} on "
                f"average; by what they reached they would have made between "
                f"{words.pct(one['low'], 3)} and {words.pct(one['high'], 3)}.",
                "part": "exits",
            }
        ],
        55.0,
        Confidence.LOW,
        {name: [old, new]},
        {
            "avg_pnl_pct": one["low"] - one["now"],
            "low": one["change_low"],
            "high": one["change_high"],
            "of": "the average trade, by its MFE and MAE",
        },
        "What came after the exits is not known, and other trades would have followed.",
        "An experiment against the live values; or a replay, once candles are stored.",
    )

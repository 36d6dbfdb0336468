"""Pause a strategy whose average trade of the last 30 days is significantly negative."""

from __future__ import annotations

from analytics.reports.data import Evidence

from .base import Action, Case, Confidence, Proposal, RecommendationKind
from .no_change import FEWEST_DAYS


def _propose(case: Case) -> list[Proposal]:
    interval = case.section.recent.avg_pnl_pct_interval
    if interval is None or case.section.recent_days < FEWEST_DAYS or interval[1] >= 0:
        return []
    return [
        Proposal(
            Action.PAUSE,
            "loss",
            f"Pause {case.name} or trade its minimum size: it loses significantly.",
            [Evidence(text=f"{case.recent}: significantly below 0.", part="numbers")],
            70.0,
            Confidence.HIGH,
            risk="A paused strategy gives no new evidence; let it trade on paper meanwhile.",
            test="Backtest other values, then trade them on paper.",
        )
    ]


KIND = RecommendationKind("pause", "Pause the strategy", _propose)

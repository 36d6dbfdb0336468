"""Change nothing: how many trades or days are still needed, or that nothing better is known.

Significance counts days, not trades: trades of one day move together.
"""

from __future__ import annotations

import math

from analytics.models import STANDING_KEY
from analytics.reports.data import Evidence
from trading.formatting import counted

from .base import Action, Case, Confidence, Proposal, RecommendationKind

MOST = 1_000_000  # trades, above which no number is given
FEWEST_DAYS = 10
POWER = 2.8  # standard errors at which an average is told from 0 in 4 of 5 cases
WIDTH = 1.96  # standard errors to each side of a 95% interval


def _propose(case: Case) -> list[Proposal]:
    """Always one."""
    recent, days = case.section.recent, case.section.recent_days
    if not recent.trades:
        evidence = Evidence(text="Last 30 days: 0 trades.", part="numbers")
        return [
            case.no_change(
                "no trades to judge it by", evidence, rank=10.0, confidence=Confidence.LOW
            )
        ]
    interval = recent.avg_pnl_pct_interval
    if interval is None or days < FEWEST_DAYS:
        return [_more_days(case, days)]
    if interval[0] > 0:
        text = f"{case.recent}: significantly above 0. No tested value does better."
        return [
            case.no_change(
                "it is profitable",
                Evidence(text=text, part="numbers"),
                rank=10.0,
                confidence=Confidence.MEDIUM,
            )
        ]
    return [_more_trades(case, recent.trades, recent.avg_pnl_pct or 0.0, interval)]


def _more_days(case: Case, days: int) -> Proposal:
    more = counted(max(FEWEST_DAYS - days, 1), "more day")
    text = (
        f"{case.recent}, on {counted(days, 'day')}: trades of one day move together, so "
        f"{FEWEST_DAYS} days with trades are needed."
    )
    return case.no_change(
        f"{more} with trades needed",
        Evidence(text=text, part="numbers"),
        rank=25.0,
        confidence=Confidence.HIGH,
        action=Action.WAIT,
    )


def _more_trades(
    case: Case, trades: int, average: float, interval: tuple[float, float]
) -> Proposal:
    error = (interval[1] - interval[0]) / 2 / WIDTH
    ratio = POWER * error / abs(average) if average else math.inf
    needed = trades * ratio * ratio
    why = (
        case.trades_needed(max(math.ceil(needed) - trades, 1))
        if needed <= MOST
        else "its average is too close to 0 to tell profit from loss"
    )
    return case.no_change(
        why,
        Evidence(text=f"{case.recent}: not significantly different from 0.", part="numbers"),
        rank=20.0,
        confidence=Confidence.MEDIUM,
        action=Action.WAIT,
    )


KIND = RecommendationKind(STANDING_KEY, "No change", _propose)

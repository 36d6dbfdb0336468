"""The mix of exit reasons changed."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.models import Severity
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.strategies.parameters import Integer, Number

PAST = 180
REASONS = 30  # more are free text, not categories


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    width = parameters["days"]
    trades, reasons = _days(frame, PAST + width)
    if not 1 < len(reasons) <= REASONS:
        return None
    allowed = 1 / (parameters["days_between_false_alarms"] * len(reasons))
    changed = []
    for reason, counts in reasons.items():
        shift = significance.shifted(counts, trades, width)
        if shift is None:
            continue
        tail = 2 * min(shift.as_low, shift.as_high)
        if tail <= allowed and abs(shift.now - shift.before) >= parameters["points"] / 100:
            changed.append((tail, reason, shift))
    if not changed:
        return None
    changed.sort(key=lambda change: change[:2])
    shares = wording.listed(
        f"{reason.replace('_', ' ')} {wording.percent(shift.now)} "
        f"(before: {wording.percent(shift.before)})"
        for _, reason, shift in changed[:3]
    )
    tail = changed[0][0] * len(reasons)
    return Finding(
        f"Exit reasons of {frame.about} changed in the last {width} days: {shares}. If nothing "
        f"changed, this occurs {wording.odds(tail)}.",
        "More stops and fewer targets: the market moves further than the stop allows. More time "
        "stops: it moves too little. Compare results by exit reason before you change anything.",
        {
            "reasons": {reason: [shift.before, shift.now] for _, reason, shift in changed},
            "chance": tail,
        },
    )


def _days(frame: StrategyFrame, most: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Trades per day, in all and by exit reason, of the last ``most`` days up to yesterday."""
    first = max(frame.first_day, frame.today - most)
    size = max(0, frame.today - first)
    trades = np.zeros(size)
    reasons: dict[str, np.ndarray] = {}
    for day in frame.trade_days:
        if day.day >= first:
            trades[day.day - first] = day.trades
            for reason, count in day.reasons.items():
                reasons.setdefault(reason, np.zeros(size))[day.day - first] = count
    return trades, reasons


RULE = AlertRule(
    key="exits",
    title="Exit reasons changed",
    about="strategy",
    help="The share of an exit reason (stop, target, time ...) in recent days differs from the "
    "180 days before.",
    error_rate="At most about one false alarm in the chosen number of days, all reasons together.",
    check=check,
    severity=Severity.INFO,
    parameters=(
        Integer(
            "days_between_false_alarms",
            365,
            30,
            10_000,
            5,
            unit="days",
            help="Mean time between false alarms. A higher value means fewer alerts.",
        ),
        Integer("days", 7, 1, 30, 1, unit="days", help="Number of recent days that are compared."),
        Number(
            "points",
            10.0,
            0.0,
            100.0,
            1.0,
            unit="percentage points",
            help="Smaller changes are ignored.",
        ),
    ),
    daily=True,
    clears_after=timedelta(days=2),
)

"""Trades leave for other reasons than they used to."""

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
REASONS = 30  # a free text as a reason would be as many as trades


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    width, days = parameters["days"], _days(frame, PAST + parameters["days"])
    trades, reasons = days
    if not 1 < len(reasons) <= REASONS:
        return None
    allowed = 1 / (parameters["days_between_false_alarms"] * len(reasons))
    changed = []
    for reason, counts in reasons.items():
        found = significance.shifted(counts, trades, width)
        if found is None:
            continue
        tail = 2 * min(found.as_low, found.as_high)
        if tail <= allowed and abs(found.now - found.before) >= parameters["points"] / 100:
            changed.append((tail, reason, found))
    if not changed:
        return None
    changed.sort(key=lambda one: (one[0], one[1]))
    told = wording.listed(
        f"{wording.percent(found.now)} by {reason.replace('_', ' ')} "
        f"({wording.percent(found.before)} before)"
        for _, reason, found in changed[:3]
    )
    tail = changed[0][0] * len(reasons)
    return Finding(
        f"Trades of {frame.about} leave for other reasons: in the last {width} days {told}. If "
        f"nothing had changed, that would come {wording.odds(tail)}.",
        "More stops and fewer targets: the market moves further than the stop allows. More time "
        "stops: it moves too little. Compare the results by exit reason before changing anything.",
        {
            "reasons": {reason: [found.before, found.now] for _, reason, found in changed},
            "chance": tail,
        },
    )


def _days(frame: StrategyFrame, most: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Trades a day, and those of each reason, of the last days; the last one is yesterday."""
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
    title="Exits changed",
    about="strategy",
    help="The share of an exit reason (stop, target, time ...) in recent days differs from the "
    "half year before.",
    error_rate="About one false alarm in the chosen number of days at most, all reasons together.",
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
            help="Average time between false alarms. Longer is quieter.",
        ),
        Integer("days", 7, 1, 30, 1, unit="days", help="How many recent days are compared."),
        Number(
            "points",
            10.0,
            0.0,
            100.0,
            1.0,
            unit="percentage points",
            help="Smaller changes are not worth a word.",
        ),
    ),
    daily=True,
    clears_after=timedelta(days=2),
)

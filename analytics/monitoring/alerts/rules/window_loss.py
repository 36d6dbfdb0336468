"""A loss over 24 hours that past results do not explain."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.strategies.parameters import Integer


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    sums = significance.rolling(frame.hours.total, 24)
    if not sums.size or not sums[-1] < 0:
        return None
    now = float(sums[-1])
    worst = significance.worst_of_days(sums[: (frame.today * 24 - frame.first_hour)])
    past = worst[-parameters["days"] :]
    comparison = significance.below(past, now)
    if comparison is None or not comparison.beyond(parameters["days_between_false_alarms"]):
        return None
    usual = float(np.nanmedian(past))
    return Finding(
        f"{frame.about} lost {-now:,.2f}% (sum of its trades) in 24 hours: the worst 24 hours of "
        f"{comparison.past} days (median of the worst 24 hours of each day: "
        f"{wording.signed(usual)}). If nothing changed, this occurs "
        f"{wording.odds(comparison.tail)}.",
        "Check the trades of these hours: a few large losses point to the market or to stops that "
        "failed, many small ones to a strategy that no longer works. If unsure, pause it.",
        {
            "total_pct": now,
            "usual_worst": usual,
            "days": comparison.past,
            "chance": comparison.tail,
            **wording.picture(
                np.append(past[~np.isnan(past)], now),
                now,
                title="Worst 24 h of each day",
                unit="%",
                since=wording.day(frame.today - past.size),
                bound="now",
            ),
        },
        grave=comparison.tail < 1e-6,
    )


RULE = AlertRule(
    key="window_loss",
    title="Unusually large loss",
    about="strategy",
    help="The total result of 24 hours is lower than at any full hour of the days before, and "
    "unlikely by chance.",
    error_rate="At most about one false alarm in as many days as are compared (180); for calm "
    "results, one in the chosen number of days.",
    check=check,
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
        Integer(
            "days", 180, 20, 180, 10, unit="days", help="Number of past days that are compared."
        ),
    ),
)

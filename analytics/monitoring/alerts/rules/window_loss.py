"""A loss over 24 hours that the past does not make plausible."""

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
    found = significance.below(past, now)
    if found is None or not found.beyond(parameters["days_between_false_alarms"]):
        return None
    usual = float(np.nanmedian(past))
    return Finding(
        f"{frame.about} lost {-now:.2f} % (sum of its trades) in 24 hours: the worst 24 hours of "
        f"{found.past} days, whose worst stretches were {wording.signed(usual)} in the middle. If "
        f"nothing had changed, a day as bad would come {wording.odds(found.tail)}.",
        "Look at the trades of these hours: a few large losses point to the market or to stops "
        "that did not hold, many small ones to a rule that no longer fits. Pause it if unsure.",
        {
            "total_pct": now,
            "usual_worst": usual,
            "days": found.past,
            "chance": found.tail,
            **wording.picture(np.append(past[~np.isnan(past)], now), now),
        },
        grave=found.tail < 1e-6,
    )


RULE = AlertRule(
    key="window_loss",
    title="Loss beyond what is plausible",
    about="strategy",
    help="The sum of the results of 24 hours, at any full hour, is lower than at any hour of the "
    "days before, and far out for chance.",
    error_rate="About one false alarm in as many days as are compared at most (180), in calm "
    "results one in the chosen number of days.",
    check=check,
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
        Integer("days", 180, 20, 180, 10, unit="days", help="How many days of past to compare."),
    ),
)

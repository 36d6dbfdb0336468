"""A strategy trades more, or less, than it used to."""

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


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    width = parameters["days"]
    counts = frame.days.trades[-PAST - width :]
    found = significance.shifted(counts, np.ones(counts.size), width)
    if found is None or not found.now:
        return None  # no trades at all is an alert of its own
    tail = min(found.as_low, found.as_high)
    ratio = found.now / found.before
    apart = max(ratio, 1 / ratio)
    if 2 * tail > 1 / parameters["days_between_false_alarms"] or apart < parameters["factor"]:
        return None
    way = "fewer" if found.now < found.before else "more"
    return Finding(
        f"{frame.about} made {way} trades: {found.now:.1f} a day in the last {width} days, "
        f"{found.before:.1f} before. If nothing had changed, that would come "
        f"{wording.odds(2 * tail)}.",
        "More trades than the rules were tested with cost more fees and take other setups; fewer "
        "mean that a filter changed its mind. Compare the funnel, and the parameters.",
        {
            "now": found.now,
            "before": found.before,
            "chance": 2 * tail,
            **wording.picture(counts.tolist(), found.before),
        },
    )


RULE = AlertRule(
    key="trade_rate",
    title="Trade rate changed",
    about="strategy",
    help="The number of trades a day in recent days differs from the half year before.",
    error_rate="About one false alarm in the chosen number of days at most.",
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
            "factor",
            1.5,
            1.0,
            100.0,
            0.1,
            unit="times",
            help="Smaller changes are not worth a word.",
        ),
    ),
    daily=True,
    clears_after=timedelta(days=2),
)

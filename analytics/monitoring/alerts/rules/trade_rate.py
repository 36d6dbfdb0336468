"""A strategy trades more or less often than before."""

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
    shift = significance.shifted(counts, np.ones(counts.size), width)
    if shift is None or not shift.now:
        return None  # the rule "no_trades" covers this
    tail = min(shift.as_low, shift.as_high)
    ratio = shift.now / shift.before
    factor = max(ratio, 1 / ratio)
    if 2 * tail > 1 / parameters["days_between_false_alarms"] or factor < parameters["factor"]:
        return None
    way = "fewer" if shift.now < shift.before else "more"
    return Finding(
        f"{frame.about} made {way} trades: {shift.now:.1f} per day in the last {width} days, "
        f"{shift.before:.1f} before. If nothing changed, this occurs {wording.odds(2 * tail)}.",
        "More trades mean more fees and other setups than tested; fewer mean that a filter blocks "
        "more. Compare the signal funnel and the parameters.",
        {
            "now": shift.now,
            "before": shift.before,
            "chance": 2 * tail,
            **wording.picture(
                counts.tolist(),
                shift.before,
                title="Trades per day",
                since=wording.day(frame.today - counts.size),
                bound="before",
            ),
        },
    )


RULE = AlertRule(
    key="trade_rate",
    title="Trade rate changed",
    about="strategy",
    help="The number of trades per day in recent days differs from the 180 days before.",
    error_rate="At most about one false alarm in the chosen number of days.",
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
        Number("factor", 1.5, 1.0, 100.0, 0.1, unit="times", help="Smaller changes are ignored."),
    ),
    daily=True,
    clears_after=timedelta(days=2),
)

"""The fees of trades increased."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.strategies.parameters import Integer, Number

PAST = 180


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    width = parameters["days"]
    first = max(frame.first_day, frame.today - PAST - width)
    fees, known = (np.zeros(max(0, frame.today - first)) for _ in range(2))
    for day in frame.trade_days:
        if day.day >= first:
            fees[day.day - first], known[day.day - first] = day.fees_pct, day.fees_known
    now, before, tail = _compare(fees, known, width)
    if tail > 1 / parameters["days_between_false_alarms"] or before <= 0:
        return None
    if now < before * (1 + parameters["more_pct"] / 100):
        return None
    return Finding(
        f"Fees of {frame.about} increased to {now:.4f}% of the position per trade in the last "
        f"{width} days, from {before:.4f}% before (+{wording.percent(now / before - 1)}). "
        + (
            "They never varied until now."
            if tail == 0
            else f"If nothing changed, this occurs {wording.odds(tail)}."
        ),
        "Check your fee tier at the exchange, and whether orders now fill as taker. A strategy "
        "with small wins may become unprofitable.",
        {"now_pct": now, "before_pct": before, "chance": tail},
    )


def _compare(fees: np.ndarray, known: np.ndarray, width: int) -> tuple[float, float, float]:
    """The mean fee of a trade now and before, and the p-value of the rise.

    (0, 0, 1) where there are too few trades.
    """
    shift = significance.shifted(fees, known, width)
    if shift is not None:
        return shift.now, shift.before, shift.as_high
    old, new = slice(None, -width), slice(-width, None)
    days = int((known[old] > 0).sum())
    if days < significance.FEWEST or known[new].sum() <= 0:
        return 0.0, 0.0, 1.0
    # Every trade paid the same fee until now: any other fee is a change.
    return float(fees[new].sum() / known[new].sum()), float(fees[old].sum() / known[old].sum()), 0.0


RULE = AlertRule(
    key="fees",
    title="Fees increased",
    about="strategy",
    help="The fee per trade, in percent of its position, is higher than in the 180 days before.",
    error_rate="At most about one false alarm in the chosen number of days.",
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
        Integer("days", 3, 1, 30, 1, unit="days", help="Number of recent days that are compared."),
        Number(
            "more_pct", 20.0, 0.0, 10_000.0, 1.0, unit="pct", help="A smaller increase is ignored."
        ),
    ),
    daily=True,
    clears_after=timedelta(days=2),
)

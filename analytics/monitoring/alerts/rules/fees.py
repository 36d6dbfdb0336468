"""Trades pay more in fees than they used to."""

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
        f"Fees of {frame.about} went up: {now:.4f} % of the position a trade in the last {width} "
        f"days, {before:.4f} % before ({wording.percent(now / before - 1)} more). "
        + (
            "Until now they never varied."
            if tail == 0
            else f"If nothing had changed, that would come {wording.odds(tail)}."
        ),
        "Check the fee tier at the exchange, and whether orders fill as taker now. A strategy "
        "with small wins may not survive it.",
        {"now_pct": now, "before_pct": before, "chance": tail},
    )


def _compare(fees: np.ndarray, known: np.ndarray, width: int) -> tuple[float, float, float]:
    """Fee of a trade now and before, and how probable so much more is; (0, 0, 1): no telling."""
    found = significance.shifted(fees, known, width)
    if found is not None:
        return found.now, found.before, found.as_high
    old, new = slice(None, -width), slice(-width, None)
    days = int((known[old] > 0).sum())
    if days < significance.FEWEST or known[new].sum() <= 0:
        return 0.0, 0.0, 1.0
    # The same fee on every trade until now: any other is a change.
    return float(fees[new].sum() / known[new].sum()), float(fees[old].sum() / known[old].sum()), 0.0


RULE = AlertRule(
    key="fees",
    title="Fees up",
    about="strategy",
    help="The fee of a trade, in percent of its position, is higher than in the half year before.",
    error_rate="About one false alarm in the chosen number of days at most.",
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
        Integer("days", 3, 1, 30, 1, unit="days", help="How many recent days are compared."),
        Number(
            "more_pct",
            20.0,
            0.0,
            10_000.0,
            1.0,
            unit="pct",
            help="A smaller rise is not worth a word.",
        ),
    ),
    daily=True,
    clears_after=timedelta(days=2),
)

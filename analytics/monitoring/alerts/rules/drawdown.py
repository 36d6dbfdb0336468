"""A drawdown deeper than the past makes plausible."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.strategies.parameters import Integer, Number

SEED = 1
LEARNED_DAYS = 365
RECENT = 7  # days that are judged and not learned from
FEWEST = 55  # days to learn from
AGAIN = 2  # a limit that is learned anew each day is passed so much oftener than one that stands


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    if not len(frame.days):
        return None
    horizon = parameters["horizon"]
    today = frame.hours.total[frame.today * 24 - frame.first_hour :].sum()
    days = np.append(frame.days.total, today)
    fall = float(significance.falls(days[None, -2 * horizon :], horizon)[0, -1])
    limit, learned = _limit(days, horizon, parameters, fall)
    if limit is None or fall <= limit:
        return None
    recent = np.cumsum(days[-horizon:])
    peak = int(np.argmax(np.append(0.0, recent)))
    since = frame.today - recent.size + peak
    how = (
        f"from {learned} days of its past, a fall like that comes once in "
        f"{parameters['days_between_false_alarms']} days"
        if learned
        else "the limit is your own"
    )
    return Finding(
        f"{frame.about} stands {fall:.2f} percentage points below its peak of "
        f"{wording.day(since)}, beyond the limit of {limit:.2f}: {how}.",
        "This is the size of a loss to stop at and look, whatever the reason: check for open "
        "positions, then trade smaller or pause until the results recover.",
        {
            "drawdown_pct": fall,
            "limit_pct": limit,
            "peak": wording.day(since),
            "learned_days": learned,
            **wording.picture(np.cumsum(days[-horizon:]).tolist()),
        },
        event=f"peak of {wording.day(since)}",
        grave=fall > 1.5 * limit,
    )


def _limit(
    days: np.ndarray, horizon: int, parameters: Values, fall: float
) -> tuple[float | None, int]:
    """The limit in percentage points, and how many days it was learned from (0: a fixed one)."""
    if parameters["limit_pct"] > 0:
        return parameters["limit_pct"], 0
    past = days[-RECENT - LEARNED_DAYS : -RECENT]
    if past.size < FEWEST or fall <= float(significance.falls(past[None], horizon).max()):
        return None, 0  # the limit is no less than the worst of the past: nothing to compute
    rng = np.random.default_rng(SEED)
    between = AGAIN * parameters["days_between_false_alarms"]
    limit = significance.drawdown_limit(past, horizon, between, rng)
    return limit, int(past.size)


RULE = AlertRule(
    key="drawdown",
    title="Drawdown beyond the past",
    about="strategy",
    help="The running total of PnL % is further below its highest point than the results of the "
    "past, drawn again and again, explain.",
    error_rate="About one false alarm in the chosen number of days with a year of past, up to "
    "twice as often with a few months. A fixed limit is yours.",
    check=check,
    parameters=(
        Integer(
            "days_between_false_alarms",
            365,
            90,
            2_000,
            5,
            unit="days",
            help="Average time between false alarms. Longer is quieter.",
        ),
        Integer(
            "horizon", 90, 7, 365, 1, unit="days", help="How far back the highest point may lie."
        ),
        Number(
            "limit_pct",
            0.0,
            0.0,
            1_000.0,
            0.5,
            unit="pct",
            help="A fixed limit in percentage points instead; 0: learned from the past.",
        ),
    ),
    clears_after=timedelta(days=3),
)

"""A drawdown deeper than past results explain."""

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
RECENT = 7  # days that are tested, not learned from
FEWEST = 55  # days to learn from
AGAIN = 2  # a limit learned anew each day is exceeded about twice as often as a fixed one


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
        f"learned from {learned} days, in which a drawdown this deep is expected once in "
        f"{parameters['days_between_false_alarms']:,} days"
        if learned
        else "a fixed limit"
    )
    return Finding(
        f"{frame.about} is {fall:.2f} percentage points below its peak of "
        f"{wording.day(since)}, beyond the limit of {limit:.2f}: {how}.",
        "Check the open positions, then trade smaller or pause until results recover.",
        {
            "drawdown_pct": fall,
            "limit_pct": limit,
            "peak": wording.day(since),
            "learned_days": learned,
            **wording.picture(
                recent.tolist(),
                title=f"Cumulative PnL, last {recent.size} d",
                unit="%",
                since=wording.day(frame.today - recent.size + 1),
            ),
        },
        event=f"peak of {wording.day(since)}",
        grave=fall > 1.5 * limit,
    )


def _limit(
    days: np.ndarray, horizon: int, parameters: Values, fall: float
) -> tuple[float | None, int]:
    """The limit in percentage points, and the number of days it was learned from (0: fixed)."""
    if parameters["limit_pct"] > 0:
        return parameters["limit_pct"], 0
    past = days[-RECENT - LEARNED_DAYS : -RECENT]
    if past.size < FEWEST or fall <= float(significance.falls(past[None], horizon).max()):
        return None, 0  # never below the deepest past drawdown: skip the simulation
    rng = np.random.default_rng(SEED)
    between = AGAIN * parameters["days_between_false_alarms"]
    limit = significance.drawdown_limit(past, horizon, between, rng)
    return limit, int(past.size)


RULE = AlertRule(
    key="drawdown",
    title="Unusual drawdown",
    about="strategy",
    help="Cumulative PnL % is further below its peak than resampled past results explain.",
    error_rate="About one false alarm in the chosen number of days after a year of trading, up to "
    "twice as many after a few months. A fixed limit has no stated rate.",
    check=check,
    parameters=(
        Integer(
            "days_between_false_alarms",
            365,
            90,
            2_000,
            5,
            unit="days",
            help="Mean time between false alarms. A higher value means fewer alerts.",
        ),
        Integer(
            "horizon",
            90,
            7,
            365,
            1,
            unit="days",
            help="The peak is the highest point of this period.",
        ),
        Number(
            "limit_pct",
            0.0,
            0.0,
            1_000.0,
            0.5,
            unit="pct",
            help="Fixed limit in percentage points. 0: learned from past results.",
        ),
    ),
    clears_after=timedelta(days=3),
)

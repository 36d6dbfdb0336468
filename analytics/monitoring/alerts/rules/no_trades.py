"""A strategy stopped trading."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading import clock
from trading.strategies.parameters import Integer, Number

QUIET = ("paused",)
FUNNEL_PERIOD = timedelta(days=7)  # older counts of filters do not explain a current pause


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    if frame.subject.status in QUIET or not frame.silences.size:
        return None
    limit, why = _limit(frame, parameters)
    if limit is None or frame.hours.trades[-max(1, int(limit)) :].sum() > 0:
        return None
    if not len(frame.tail):
        return None
    last = clock.from_micros(int(frame.tail.exit_at[0]))
    silent = (as_of - last).total_seconds() / 3_600
    if silent <= limit:
        return None
    evaluations, signals, blocked = frame.funnel(max(last, as_of - FUNNEL_PERIOD))
    return Finding(
        f"{frame.about} has not closed a trade for {wording.hours(silent)}; {why}. "
        f"{_funnel(evaluations, signals, blocked, as_of - last > FUNNEL_PERIOD)}",
        "If one filter blocks nearly everything, the market is outside the range that the "
        "parameters allow: wait, or widen that filter. Without evaluations, check the bot and its "
        "data feed.",
        {
            "silent_hours": silent,
            "limit_hours": limit,
            "evaluations": evaluations,
            "signals": signals,
            "blocked": blocked,
        },
        event=f"since {last.isoformat()}",
        grave=silent > 3 * limit,
    )


def _limit(frame: StrategyFrame, parameters: Values) -> tuple[float | None, str]:
    """The limit in hours and its reason; None with too little history."""
    if parameters["hours"] > 0:
        return parameters["hours"], f"the fixed limit is {wording.hours(parameters['hours'])}"
    if len(frame.days) < parameters["history_days"]:
        return None, ""
    # Up to the last trade: the pause under test must not lower the rate.
    traded = np.flatnonzero(frame.days.trades)
    if not traded.size:
        return None, ""
    rate = float(frame.days.trades[: traded[-1] + 1][-90:].mean())
    between = parameters["days_between_false_alarms"]
    longest = float(np.max(frame.silences))
    limit = max(longest, 24 * significance.longest_silence(rate, between))
    return limit, (
        f"at {rate:.1f} trades per day and with {wording.hours(longest)} as the longest pause so "
        f"far, a pause of {wording.hours(limit)} is expected about once in {between:,} days"
    )


def _funnel(evaluations: int, signals: int, blocked: dict[str, int], longer: bool) -> str:
    """``5,512 evaluations: volatility blocked 5,310 (96.3%), rsi 170, trend 32.``"""
    when = f" in the last {FUNNEL_PERIOD.days} days" if longer else ""
    if not evaluations:
        return f"It has reported no evaluations{when or ' since'}."
    said = f"{evaluations:,} evaluations{when}"
    ranked = sorted(blocked.items(), key=lambda item: (-item[1], item[0]))[:3]
    if not ranked:
        return f"{said} gave {signals:,} signals."
    name, count = ranked[0]
    parts = [f"{name} blocked {count:,} ({wording.percent(count / evaluations)})"]
    parts += [f"{name} {count:,}" for name, count in ranked[1:]]
    return f"{said}: {', '.join(parts)}."


RULE = AlertRule(
    key="no_trades",
    title="No trades",
    about="strategy",
    help="No trade closed for longer than the usual trade rate explains. Names the filters that "
    "block signals.",
    error_rate="At most about one false alarm in the chosen number of days, or in as many days as "
    "the history has (up to 180), if that is fewer.",
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
        Number(
            "hours",
            0.0,
            0.0,
            10_000.0,
            1.0,
            unit="hours",
            help="Fixed limit. 0: learned from past results.",
        ),
        Integer(
            "history_days",
            7,
            1,
            180,
            1,
            unit="days",
            help="Days of history that the learned limit needs.",
        ),
    ),
    clears_after=timedelta(0),
)

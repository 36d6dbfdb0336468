"""A strategy that used to trade has stopped."""

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
LOOKED_AT = timedelta(days=7)  # whose counts of filters are told: those of months say no more


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
    looked, signals, blocked = frame.funnel(max(last, as_of - LOOKED_AT))
    return Finding(
        f"{frame.about} has not closed a trade for {wording.hours(silent)}; {why}. "
        f"{_funnel(looked, signals, blocked, as_of - last > LOOKED_AT)}",
        "If a filter blocks nearly everything, the market is outside what the parameters allow: "
        "wait, or widen that one. If the strategy does not look at all, the bot or its data feed "
        "is the place to search.",
        {
            "silent_hours": silent,
            "limit_hours": limit,
            "evaluations": looked,
            "signals": signals,
            "blocked": blocked,
        },
        event=f"since {last.isoformat()}",
        grave=silent > 3 * limit,
    )


def _limit(frame: StrategyFrame, parameters: Values) -> tuple[float | None, str]:
    if parameters["hours"] > 0:
        return parameters["hours"], f"your limit is {wording.hours(parameters['hours'])}"
    if len(frame.days) < parameters["history_days"]:
        return None, ""
    # The pace up to the last trade: the silence that is judged does not slow it.
    traded = np.flatnonzero(frame.days.trades)
    if not traded.size:
        return None, ""
    rate = float(frame.days.trades[: traded[-1] + 1][-90:].mean())
    between = parameters["days_between_false_alarms"]
    longest = float(np.max(frame.silences))
    limit = max(longest, 24 * significance.longest_silence(rate, between))
    return limit, (
        f"at {rate:.1f} trades a day and with {wording.hours(longest)} as the longest pause until "
        f"now, chance is silent for {wording.hours(limit)} about once in {between} days"
    )


def _funnel(looked: int, signals: int, blocked: dict[str, int], longer: bool) -> str:
    """``It looked 5 512 times: volatility blocked 5 310 (96 %), rsi 170, trend 32.``"""
    when = f" in the last {LOOKED_AT.days} days" if longer else ""
    if not looked:
        return f"It has not reported that it looked for one {when.strip() or 'since'}."
    said = f"It looked {looked:,} times".replace(",", " ") + when
    ranked = sorted(blocked.items(), key=lambda item: (-item[1], item[0]))[:3]
    if not ranked:
        return f"{said} and found {signals} signals."
    parts = [f"{name} {count:,}".replace(",", " ") for name, count in ranked]
    name, count = ranked[0]
    parts[0] = f"{name} blocked {count:,} ({wording.percent(count / looked)})".replace(",", " ")
    return f"{said}: {', '.join(parts)}."


RULE = AlertRule(
    key="no_trades",
    title="No trades",
    about="strategy",
    help="No trade closed for longer than the usual pace explains. Says which filter blocks.",
    error_rate="At most about one false alarm in the chosen number of days, and in as many days "
    "as the past has (up to half a year).",
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
        Number(
            "hours",
            0.0,
            0.0,
            10_000.0,
            1.0,
            unit="hours",
            help="A fixed limit instead; 0: learned from the past.",
        ),
        Integer(
            "history_days",
            7,
            1,
            180,
            1,
            unit="days",
            help="With fewer days of past nothing is learned.",
        ),
    ),
    clears_after=timedelta(0),
)

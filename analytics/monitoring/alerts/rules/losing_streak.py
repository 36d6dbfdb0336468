"""More consecutive losses than past results explain."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.strategies.parameters import Integer


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    length, since = frame.streak
    limit, explained = parameters["limit"], "The limit is fixed."
    if not limit:
        if length < 3:
            return None
        learned = _learned(frame, parameters["days_between_false_alarms"])
        if learned is None:
            return None
        limit, longest = learned
        explained = (
            f"{limit} are expected once in {parameters['days_between_false_alarms']:,} days; the "
            f"longest streak before was {longest}."
        )
    if length < limit:
        return None
    return Finding(
        f"{frame.about} lost {length} trades in a row. {explained}",
        "Check whether the losses share a market, an hour or an exit reason. If they do, the "
        "market no longer suits the strategy.",
        {"streak": length, "limit": limit},
        event=since,
        grave=length >= 1.5 * limit,
    )


def _learned(frame: StrategyFrame, between: int) -> tuple[int, int] | None:
    """The limit and the longest streak of the past; None without trades."""
    if frame.days.trades.sum() <= 0:
        return None
    after, again, longest = frame.losses()
    limit = significance.streak_limit(
        int(frame.days.losses.sum()),
        after,
        again,
        int(frame.days.trades.sum()),
        float(frame.days.trades.mean()),
        between,
    )
    return None if limit is None else (max(limit, longest + 1), longest)


RULE = AlertRule(
    key="losing_streak",
    title="Losing streak",
    about="strategy",
    help="More consecutive losses than the loss rate, and the loss rate after a loss, explain.",
    error_rate="At most about one false alarm in the chosen number of days. A fixed limit has no "
    "stated rate.",
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
            "limit",
            0,
            0,
            1_000,
            1,
            unit="losses",
            help="Fixed number of consecutive losses. 0: learned from past results.",
        ),
    ),
    clears_after=timedelta(0),
)

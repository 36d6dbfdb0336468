"""More losses in a row than the past makes plausible."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.strategies.parameters import Integer


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    length, since = frame.streak
    limit, by_chance = parameters["limit"], ""
    if not limit:
        if length < 3:
            return None
        found = _learned(frame, parameters["days_between_false_alarms"])
        if found is None:
            return None
        limit, longest = found
        by_chance = (
            f"Chance brings {limit} once in {parameters['days_between_false_alarms']} days; the "
            f"longest streak until now was {longest}."
        )
    if length < limit:
        return None
    return Finding(
        f"{frame.about} lost {length} trades in a row. {by_chance or 'The limit is your own.'}",
        "Look whether the losses have one reason: the same market, hour or exit. If they do, the "
        "rule meets a market that it is not made for.",
        {"streak": length, "limit": limit},
        event=since,
        grave=length >= 1.5 * limit,
    )


def _learned(frame: StrategyFrame, between: int) -> tuple[int, int] | None:
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
    help="More losses one after the other than the share of losses, and of losses after losses, "
    "explain.",
    error_rate="At most about one false alarm in the chosen number of days. A fixed limit is "
    "yours.",
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
        Integer(
            "limit",
            0,
            0,
            1_000,
            1,
            unit="losses",
            help="A fixed number of losses in a row instead; 0: learned from the past.",
        ),
    ),
    clears_after=timedelta(0),
)

"""Performance degraded: results fell below the baseline of their parameter set, for good."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.models import Severity
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import drift
from trading.strategies.parameters import Choice, Integer

FEWEST_DAYS = 20
SAFER, SOONER = "safer", "sooner"


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    arm, day, n, total = frame.arm
    past = _baseline_days(n, parameters["baseline_trades"])
    if past is None:
        return None
    base = drift.baseline(n[:past], total[:past])
    if base is None:
        return None
    floor = _floor(base, parameters["sensitivity"])
    count, sums = (drift.in_blocks(one[past:], base.block) for one in (n, total))
    if not count.size:
        return None
    threshold = parameters["days_between_false_alarms"] / base.block
    found, path = drift.episodes(drift.shortfall(count, sums, floor, base.scale), threshold)
    if not found or found[-1].closed is not None:
        return None
    episode = found[-1]
    first, since = past + episode.opened * base.block, past + episode.since * base.block
    recent = float(total[since:].sum() / n[since:].sum())
    evidence = {
        "set": arm,
        "baseline": base.mean,
        "baseline_error": base.se,
        "baseline_trades": base.trades,
        "floor": floor,
        "since": wording.day(day[since]),
        "recent": recent,
        "trades_since": int(n[since:].sum()),
        "block_days": base.block,
        "evidence": float(path[-1]),
        "threshold": threshold,
        **wording.picture(path, threshold),
    }
    return Finding(
        f"Results of {frame.about} fell, most probably from {wording.day(day[since])} on: "
        f"{wording.signed(recent, 3, ' R')} a trade over {int(n[since:].sum())} trades, after "
        f"{wording.signed(base.mean, 3, ' R')} over the {base.trades} trades of its baseline. "
        "Chance alone raises this alert once in "
        f"{parameters['days_between_false_alarms']} days with trades or less often.",
        "Look at what changed about that day: the market, fees, the exchange, or the parameters. "
        "Until it is clear, trade smaller, or go back to the parameters before.",
        evidence,
        event=f"set {arm or 'unknown'}, {wording.day(day[min(first, day.size - 1)])}",
        grave=float(path[-1]) >= drift.CEILING * threshold * 0.99,
    )


def _baseline_days(n: np.ndarray, trades: int) -> int | None:
    """How many days the baseline has: enough trades, and 20 days at least."""
    enough = np.flatnonzero(np.cumsum(n) >= trades)
    if not enough.size:
        return None
    days = max(int(enough[0]) + 1, FEWEST_DAYS)
    return days if days < n.size else None


def _floor(base: drift.Baseline, sensitivity: str) -> float:
    if base.mean <= drift.LOWEST_FLOOR:
        # There is no edge to lose: the alert is about becoming worse than it was.
        return base.mean - base.se
    rule = drift.estimate if sensitivity == SOONER else drift.floor
    return rule(base.mean, base.se)


RULE = AlertRule(
    key="degraded",
    title="Performance degraded",
    about="strategy",
    help="Results per trade fell below what the parameter set made at first, and stayed there.",
    error_rate="At most one false alarm in the chosen number of days with trades, whatever the "
    "results look like, as long as days do not depend on each other (stretches of five do).",
    check=check,
    severity=Severity.CRITICAL,
    parameters=(
        Integer(
            "days_between_false_alarms",
            1_000,
            100,
            10_000,
            100,
            unit="days",
            help="Average time between false alarms. Longer is quieter, and later.",
        ),
        Choice(
            "sensitivity",
            SAFER,
            (SAFER, SOONER),
            help="Safer forgives a baseline that was lucky; sooner takes it at its word.",
        ),
        Integer(
            "baseline_trades",
            500,
            100,
            5_000,
            50,
            unit="trades",
            help="How many of the first trades of a parameter set are its baseline.",
        ),
    ),
    daily=True,
    clears_after=timedelta(0),
)

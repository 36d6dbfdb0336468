"""Performance degraded: results fell below the baseline of their parameter set and stayed there."""

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
    count, sums = (drift.in_blocks(column[past:], base.block) for column in (n, total))
    if not count.size:
        return None
    threshold = parameters["days_between_false_alarms"] / base.block
    episodes, path = drift.episodes(drift.shortfall(count, sums, floor, base.scale), threshold)
    if not episodes or episodes[-1].closed is not None:
        return None
    episode = episodes[-1]
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
        **wording.picture(
            path, threshold, title="Evidence that results fell", since=wording.day(day[past])
        ),
    }
    return Finding(
        f"Results of {frame.about} fell, most likely on {wording.day(day[since])}: "
        f"{wording.signed(recent, 'R', 3)} per trade over {int(n[since:].sum()):,} trades, after "
        f"{wording.signed(base.mean, 'R', 3)} over the {base.trades:,} trades of the baseline. "
        "If nothing changed, this alert is raised at most once in "
        f"{parameters['days_between_false_alarms']:,} days with trades.",
        "Check what changed around that day: the market, fees, the exchange or the parameters. "
        "Until you know, trade smaller or roll back to the previous parameters.",
        evidence,
        event=f"set {arm or 'unknown'}, {wording.day(day[min(first, day.size - 1)])}",
        grave=float(path[-1]) >= drift.CEILING * threshold * 0.99,
    )


def _baseline_days(n: np.ndarray, trades: int) -> int | None:
    """The number of days in the baseline: enough trades, and at least 20 days."""
    enough = np.flatnonzero(np.cumsum(n) >= trades)
    if not enough.size:
        return None
    days = max(int(enough[0]) + 1, FEWEST_DAYS)
    return days if days < n.size else None


def _floor(base: drift.Baseline, sensitivity: str) -> float:
    if base.mean <= drift.LOWEST_FLOOR:
        # Without an edge, the alert is about results worse than the baseline.
        return base.mean - base.se
    rule = drift.estimate if sensitivity == SOONER else drift.floor
    return rule(base.mean, base.se)


RULE = AlertRule(
    key="degraded",
    title="Performance degraded",
    about="strategy",
    help="Results per trade fell below the first results of the parameter set and stayed there.",
    error_rate="At most one false alarm in the chosen number of days with trades, for any "
    "distribution of results, if days are independent (or blocks of five days are).",
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
            help="Mean time between false alarms. A higher value means fewer and later alerts.",
        ),
        Choice(
            "sensitivity",
            SAFER,
            (SAFER, SOONER),
            help="Safer allows for a lucky baseline; sooner trusts the baseline as measured.",
        ),
        Integer(
            "baseline_trades",
            500,
            100,
            5_000,
            50,
            unit="trades",
            help="Number of first trades of a parameter set that form its baseline.",
        ),
    ),
    daily=True,
    clears_after=timedelta(0),
)

"""Candles that are missing or implausible."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.frames import Series
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import BotFrame
from trading import clock, formatting
from trading.strategies.parameters import Integer, Number

Fault = tuple[str, float, dict[str, float]]  # what is wrong, at which open time, evidence
SPIKE = 20.0  # times the median range


def check(frame: BotFrame, as_of: datetime, parameters: Values) -> Finding | None:
    since = (as_of - timedelta(hours=24)).timestamp()
    for series in frame.series:
        fault = _outlier(series, since, parameters["jump_pct"]) or _gap(
            series, since, parameters["missing"]
        )
        if fault:
            what, at, evidence = fault
            name = f"{series.market}, {formatting.interval(series.interval)}"
            moment = wording.moment(clock.from_epoch(at))
            return Finding(
                f"Candles of {frame.about} ({name}): {what} {moment}.",
                "Signals and backtests use these candles. Compare them with the exchange, and "
                "send or import the correct ones: they replace the stored ones.",
                {"market": series.market, "interval": series.interval, **evidence},
                event=f"{series.market} {series.interval} {int(at)}",
            )
    return None


def _gap(series: Series, since: float, most: int) -> Fault | None:
    """The newest gap of the last 24 hours."""
    times = series.candles.open_time
    steps = np.diff(times) // series.interval - 1
    holes = np.flatnonzero((steps > most) & (times[1:] >= since))
    if not holes.size:
        return None
    at = int(holes[-1])
    missing = int(steps[at])
    return f"{missing} missing after", float(times[at]), {"missing": missing}


def _outlier(series: Series, since: float, jump_pct: float) -> Fault | None:
    """The newest candle whose range exceeds ``jump_pct`` and 20 times the median range."""
    candles = series.candles
    if len(candles) < 3:
        return None
    range_pct = (candles.high - candles.low) / candles.close * 100
    usual = float(np.median(range_pct))
    outliers = np.flatnonzero(
        (range_pct > jump_pct) & (range_pct > SPIKE * usual) & (candles.open_time >= since)
    )
    if not outliers.size:
        return None
    at = int(outliers[-1])
    return (
        f"range of {range_pct[at]:.1f}% (usually {usual:.2f}%) at",
        float(candles.open_time[at]),
        {"range_pct": float(range_pct[at]), "usual_pct": usual},
    )


RULE = AlertRule(
    key="candles",
    title="Bad candle data",
    about="bot",
    help="In the last 24 hours, a candle series has a gap, or one candle has a far larger range "
    "than usual.",
    error_rate="Deterministic, but a market without trades has gaps too, and a crash can look like "
    "a bad candle: check before you replace it.",
    check=check,
    parameters=(
        Integer("missing", 3, 0, 10_000, 1, unit="candles", help="Longest gap that is ignored."),
        Number(
            "jump_pct",
            10.0,
            0.1,
            1_000.0,
            0.5,
            unit="pct",
            help="A smaller range is never reported.",
        ),
    ),
    clears_after=timedelta(0),
)

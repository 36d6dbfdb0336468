"""Candles that are missing, or cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics.frames import Series
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import BotFrame
from trading import clock
from trading.strategies.parameters import Integer, Number

SPIKE = 20.0  # times the usual range


def check(frame: BotFrame, as_of: datetime, parameters: Values) -> Finding | None:
    since = (as_of - timedelta(hours=24)).timestamp()
    for series in frame.series:
        found = _absurd(series, since, parameters["jump_pct"]) or _gap(
            series, since, parameters["missing"]
        )
        if found:
            what, at, evidence = found
            name = f"{series.market}, {series.interval} s"
            moment = wording.moment(clock.from_epoch(at))
            return Finding(
                f"Candles of {frame.about} ({name}): {what} {moment}.",
                "Decisions and replays rest on these candles. Compare them with the exchange's, "
                "and send or import the right ones: they replace what is stored.",
                {"market": series.market, "interval": series.interval, **evidence},
                event=f"{series.market} {series.interval} {int(at)}",
            )
    return None


def _gap(series: Series, since: float, most: int) -> tuple[str, float, dict] | None:
    """The newest place where candles are missing, of the last 24 hours."""
    times = series.candles.open_time
    steps = np.diff(times) // series.interval - 1
    holes = np.flatnonzero((steps > most) & (times[1:] >= since))
    if not holes.size:
        return None
    at = int(holes[-1])
    missing = int(steps[at])
    return f"{missing} missing after", float(times[at]), {"missing": missing}


def _absurd(series: Series, since: float, jump_pct: float) -> tuple[str, float, dict] | None:
    """The newest candle whose range is far beyond the jump allowed and beyond its neighbours."""
    candles = series.candles
    if len(candles) < 3:
        return None
    reach = (candles.high - candles.low) / candles.close * 100
    usual = float(np.median(reach))
    wild = (reach > jump_pct) & (reach > SPIKE * usual) & (candles.open_time >= since)
    places = np.flatnonzero(wild)
    if not places.size:
        return None
    at = int(places[-1])
    return (
        f"one spans {reach[at]:.1f} % where {usual:.2f} % is usual, at",
        float(candles.open_time[at]),
        {"range_pct": float(reach[at]), "usual_pct": usual},
    )


RULE = AlertRule(
    key="candles",
    title="Candles missing or absurd",
    about="bot",
    help="In the last 24 hours of a candle series some are missing, or one spans far more than "
    "its neighbours.",
    error_rate="A gap is a fact, though a market without trades has them too. A crash can look "
    "like an absurd candle: look before you replace it.",
    check=check,
    parameters=(
        Integer(
            "missing",
            3,
            0,
            10_000,
            1,
            unit="candles",
            help="So many missing in a row are let pass.",
        ),
        Number(
            "jump_pct",
            10.0,
            0.1,
            1_000.0,
            0.5,
            unit="pct",
            help="A candle's range below this is never absurd.",
        ),
    ),
    clears_after=timedelta(0),
)

"""The bot trades with a parameter version that is not live."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics import frames
from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from trading import clock
from trading.strategies.parameters import Integer


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    if not len(frame.tail) or not frame.tail.version[0]:
        return None
    reported = int(frame.tail.version[0])
    entered = clock.from_micros(int(frame.tail.entry_at[0]))
    live = frames.live_at(frame.subject.instance, entered)
    if live is None:
        return None
    _, version, live_from = live
    grace = timedelta(minutes=parameters["grace_minutes"])
    if reported == version or entered - live_from < grace:
        return None
    return Finding(
        f"{frame.about} entered its last trade ({wording.moment(entered)}) with parameter version "
        f"{reported}; version {version} was live since {wording.moment(live_from)}.",
        "The bot does not fetch its parameters or does not apply them. Until it does, parameter "
        "changes have no effect.",
        {"reported": reported, "live": version, "live_from": live_from.isoformat()},
        event=f"version {reported} instead of {version}",
    )


RULE = AlertRule(
    key="parameters_differ",
    title="Parameter mismatch",
    about="strategy",
    help="The last trade reports a parameter version that was not live at its entry.",
    error_rate="Deterministic.",
    check=check,
    parameters=(
        Integer(
            "grace_minutes",
            15,
            0,
            10_080,
            5,
            unit="minutes",
            help="Time the bot has to apply a change.",
        ),
    ),
    clears_after=timedelta(0),
)

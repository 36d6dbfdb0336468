"""Nothing to do yet: what has to be known first, or how many trades would tell.

By the last 30 days, and by days: trades of a day move together.
"""

from __future__ import annotations

import math

from analytics.reports import text as words
from trading.parameters.verdict import rounded

from .base import Case, Confidence, Kind, Proposal

MOST = 1_000_000  # trades: beyond, a number says nothing
FEWEST_DAYS = 10
TELLS = 2.8  # standard errors at which an average is told from none in 4 of 5 cases
WIDTH = 1.96  # of them to each side of a 95 % interval


def propose(case: Case) -> list[Proposal]:
    """Always one, the last of all."""
    if case.values is None and case.rules is not None:
        return [_unknown(case)]
    made = case.section["recent"]
    if not made["trades"]:
        return [_silent(case)]
    bounds = made["avg_pnl_pct_interval"]
    if bounds is None or case.section["recent_days"] < FEWEST_DAYS:
        return [_young(case)]
    if bounds[1] < 0:
        return [_loses(case)]
    return [_nothing(case)] if bounds[0] > 0 else [_wait(case)]


def _so_far(case: Case) -> str:
    """``In the last 30 days 372 trades made +0.027% on average (+0.004% to +0.060%)``."""
    made = case.section["recent"]
    bounds = made["avg_pnl_pct_interval"]
    between = f" ({words.pct(bounds[0], 3)} to {words.pct(bounds[1], 3)})" if bounds else ""
    return (
        f"In the last 30 days {words.count(made['trades'], 'trade')} made "
        f"{words.pct(made['avg_pnl_pct'], 3)} on average{between}"
    )


def _unknown(case: Case) -> Proposal:
    return Proposal(
        Kind.WAIT,
        "unknown:set",
        f"Say which values {case.instance.name} ran with: nobody knows, so no other value can be "
        "proposed.",
        [
            {
                "text": "No parameters are recorded as live at that time. Import them with "
                "import_bot_db FILE --parameters VALUES --valid-from TIME, or let the bot "
                "report its version with each trade.",
                "part": "numbers",
            }
        ],
        50.0,
        Confidence.HIGH,
        risk="None: nothing is changed.",
    )


def _silent(case: Case) -> Proposal:
    return Proposal(
        Kind.NOTHING,
        "nothing",
        f"Leave {case.instance.name} as it is: there are no trades to judge it by.",
        [{"text": "It has made none in the last 30 days.", "part": "numbers"}],
        10.0,
        Confidence.LOW,
    )


def _young(case: Case) -> Proposal:
    days = words.count(case.section["recent_days"], "day")
    return Proposal(
        Kind.WAIT,
        "wait:days",
        f"Leave {case.instance.name} as it is until it has traded on {FEWEST_DAYS} days.",
        [
            {
                "text": f"{_so_far(case)}, on {days}: trades of a day move together, so that few "
                "days say little, however many trades they hold.",
                "part": "numbers",
            }
        ],
        25.0,
        Confidence.HIGH,
        risk="None: nothing is changed.",
    )


def _wait(case: Case) -> Proposal:
    made = case.section["recent"]
    low, high = made["avg_pnl_pct_interval"]
    error = (high - low) / 2 / WIDTH
    ratio = TELLS * error / abs(made["avg_pnl_pct"]) if made["avg_pnl_pct"] else math.inf
    needed = made["trades"] * ratio * ratio
    more = (
        f"; at this average, about {words.count(rounded(math.ceil(needed)), 'trade')} would tell"
        if needed <= MOST
        else "; an average this small cannot be told from none"
    )
    return Proposal(
        Kind.WAIT,
        "wait:tell",
        f"Leave {case.instance.name} as it is: it is too early to tell.",
        [{"text": f"{_so_far(case)}: that may be gain or loss{more}.", "part": "numbers"}],
        20.0,
        Confidence.MEDIUM,
        risk="None: nothing is changed.",
    )


def _loses(case: Case) -> Proposal:
    return Proposal(
        Kind.PAUSE,
        "pause",
        f"Pause {case.instance.name}, or let it trade as small as it can: it loses.",
        [{"text": f"{_so_far(case)}: more than chance takes.", "part": "numbers"}],
        70.0,
        Confidence.HIGH,
        risk="Nothing is learned from trades that are not made; let it trade on paper meanwhile.",
        test="Other values in a replay, then on paper.",
    )


def _nothing(case: Case) -> Proposal:
    return Proposal(
        Kind.NOTHING,
        "nothing",
        f"Leave {case.instance.name} as it is: it gains.",
        [
            {
                "text": f"{_so_far(case)}, and nothing that was looked at points to a value that "
                "does better.",
                "part": "numbers",
            }
        ],
        10.0,
        Confidence.MEDIUM,
        risk="None: nothing is changed.",
    )

"""Nothing to do yet: what has to be known first, or how many trades would tell."""

from __future__ import annotations

from analytics import report_words as words
from analytics.quant import setups
from trading.verdicts import rounded

from .base import Case, Confidence, Kind, Proposal

MOST = 1_000_000  # trades: beyond, a number says nothing


def propose(case: Case) -> list[Proposal]:
    """Always one, the last of all."""
    if case.values is None and case.rules is not None:
        return [_unknown(case)]
    sums = [case.section[name] for name in ("now", "base") if case.section[name]["trades"]]
    trades = sum(one["trades"] for one in sums)
    if not trades:
        return [_silent(case)]
    total = sum(one["total_pnl_pct"] for one in sums)
    mean = total / trades
    spread = max((one["std_pct"] or 0.0 for one in sums), default=0.0)
    needed = setups.trades_needed(spread, mean) if spread else None
    if needed is not None and trades < needed <= MOST:
        return [_wait(case, trades, mean, needed - trades)]
    return [_nothing(case, trades, mean)]


def _unknown(case: Case) -> Proposal:
    return Proposal(
        Kind.WAIT, "unknown:set",
        f"Say which values {case.instance.name} ran with: nobody knows, so no other value can be "
        "proposed.",
        [{"text": "No parameters are recorded as live at that time. Import them with "
                  "import_bot_db FILE --parameters VALUES --valid-from TIME, or let the bot "
                  "report its version with each trade.", "part": "versions"}],
        50.0, Confidence.HIGH, risk="None: nothing is changed.",
    )  # fmt: skip


def _silent(case: Case) -> Proposal:
    return Proposal(
        Kind.NOTHING, "nothing",
        f"Change nothing of {case.instance.name}: there are no trades to judge it by.",
        [{"text": "It has made none in this time and in that before it.", "part": "funnel"}],
        10.0, Confidence.LOW,
    )  # fmt: skip


def _wait(case: Case, trades: int, mean: float, more: int) -> Proposal:
    return Proposal(
        Kind.WAIT, "wait:tell",
        f"Change nothing of {case.instance.name}; wait for about "
        f"{words.count(rounded(more), 'more trade')}.",
        [{"text": f"{words.count(trades, 'trade')} made {words.pct(mean, 3)} on average. An "
                  f"average of that size is told from none with about "
                  f"{words.count(rounded(trades + more), 'trade')}, in 4 of 5 cases.",
          "part": "numbers"}],
        20.0, Confidence.HIGH, risk="None: nothing is changed.",
    )  # fmt: skip


def _nothing(case: Case, trades: int, mean: float) -> Proposal:
    return Proposal(
        Kind.NOTHING, "nothing", f"Change nothing of {case.instance.name}.",
        [{"text": f"{words.count(trades, 'trade')} made {words.pct(mean, 3)} on average, and "
                  "nothing that was looked at points to a value that does better.",
          "part": "numbers"}],
        10.0, Confidence.MEDIUM, risk="None: nothing is changed.",
    )  # fmt: skip

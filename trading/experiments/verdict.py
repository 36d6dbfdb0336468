"""What an experiment allows to say, in plain words. It claims a difference only when it ended as it
was planned to: who looks again and again, and stops at a good moment, finds one where none is."""

from __future__ import annotations

from dataclasses import dataclass

from trading.ledger.arms import FEWEST_DAYS, Difference
from trading.models import Experiment
from trading.parameters.verdict import rounded

BETTER, WORSE, OPEN = "better", "worse", "cannot tell"
SWITCHED = (
    "Before and after are not the same market: what changed meanwhile is part of the difference, "
    "and results that were bad by chance recover by themselves. Only arms that take turns (A/B) "
    "can tell."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``word`` is better, worse or cannot tell; the sentence says why, and what would."""

    word: str
    sentence: str


def verdict(
    experiment: Experiment, arm: str, trades: tuple[int, int], difference: Difference | None
) -> Verdict:
    """What can be said of an arm against the control, which made ``trades`` (control, arm)."""
    if not all(trades) or difference is None:
        return Verdict(OPEN, f"Cannot tell yet: {_counts(trades)}.")
    if experiment.design == Experiment.Design.BEFORE_AFTER:
        return Verdict(OPEN, f"{_apart(arm, difference)}. {SWITCHED}")
    if experiment.active:
        return Verdict(OPEN, _running(experiment, arm, difference))
    if experiment.status != Experiment.Status.COMPLETED:
        return Verdict(
            OPEN,
            f"It was stopped before its planned end, so this is shown as it is and decides "
            f"nothing. {_apart(arm, difference)}.",
        )
    if difference.low is None or difference.days < FEWEST_DAYS:
        return Verdict(
            OPEN,
            f"Cannot tell: an interval needs trades on {FEWEST_DAYS} days, "
            f"and there are {difference.days}.",
        )
    if not difference.beyond_chance:
        return Verdict(OPEN, f"Cannot tell: {_counts(difference.trades)}{_needed(difference)}.")
    word = BETTER if difference.difference > 0 else WORSE
    return Verdict(word, f"{_apart(arm, difference)}: more than chance explains.")


def _running(experiment: Experiment, arm: str, difference: Difference) -> str:
    counts = f"Cannot tell yet: {_counts(difference.trades)}{_needed(difference)}."
    if not experiment.max_trades and not experiment.max_days:
        return (
            f"{counts} It has no planned end in trades or days, and without one it can never "
            "tell: whoever may stop at any moment finds a good one."
        )
    if not difference.beyond_chance:
        return counts
    return (
        f"So far {_apart(arm, difference, small=True)}. It decides at its planned end: looked at "
        "before, chance alone shows such a gap far more often than it should."
    )


def _apart(arm: str, difference: Difference, small: bool = False) -> str:
    """How far the averages lie apart, with the interval where there is one."""
    way = "better" if difference.difference >= 0 else "worse"
    the = "the" if small else "The"
    told = (
        f"{the} average trade of {arm} was {abs(difference.difference):.3f} percentage points "
        f"{way} than the control's"
    )
    if difference.low is None or difference.high is None:
        return told
    return f"{told} ({difference.low:+.3f} to {difference.high:+.3f})"


def _counts(trades: tuple[int, int]) -> str:
    return f"{trades[0]:,} and {trades[1]:,} trades"


def _needed(difference: Difference) -> str:
    each = difference.trades_needed()
    if each is None:
        return ""
    if each > 1_000_000:
        return "; a difference this small would need more than a million of each"
    if each <= min(difference.trades):
        return "; a difference this size is found with so many in 4 of 5 cases"
    return f"; about {rounded(each):,} each would be needed for a difference this size"

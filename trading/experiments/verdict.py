"""The verdict on an experiment, in a sentence.

It claims a difference only at the planned end: stopping at a good moment after repeated looks
finds differences where there are none.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.ledger.arms import FEWEST_DAYS, Difference
from trading.models import Experiment
from trading.parameters.verdict import rounded

BETTER, WORSE, OPEN = "better", "worse", "cannot tell"
SWITCHED = (
    "Before and after are different markets, so that market changes are part of the difference, "
    "and results that were bad by chance recover by themselves. Only an A/B test, whose arms "
    "alternate in blocks, can prove a difference."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``word`` is better, worse or cannot tell; the sentence says why."""

    word: str
    sentence: str


def verdict(
    experiment: Experiment, arm: str, trades: tuple[int, int], difference: Difference | None
) -> Verdict:
    """Compare an arm with the control; ``trades`` are those of (control, arm)."""
    if not all(trades) or difference is None:
        return Verdict(OPEN, f"Not enough data: {_counts(trades)}.")
    if experiment.design == Experiment.Design.BEFORE_AFTER:
        return Verdict(OPEN, f"{_apart(arm, difference)}. {SWITCHED}")
    if experiment.active:
        return Verdict(OPEN, _running(experiment, arm, difference))
    if experiment.status != Experiment.Status.COMPLETED:
        return Verdict(
            OPEN,
            f"Stopped early or without a planned end, so the difference decides nothing. "
            f"{_apart(arm, difference)}.",
        )
    if difference.low is None or difference.days < FEWEST_DAYS:
        return Verdict(
            OPEN,
            f"Not enough data: an interval needs trades on {FEWEST_DAYS} days, "
            f"and there are {difference.days}.",
        )
    if not difference.beyond_chance:
        counts = f"{_counts(difference.trades)}{_needed(difference)}"
        return Verdict(OPEN, f"Not statistically significant: {counts}.")
    word = BETTER if difference.difference > 0 else WORSE
    return Verdict(word, f"{_apart(arm, difference)}: statistically significant.")


def _running(experiment: Experiment, arm: str, difference: Difference) -> str:
    counts = f"No result yet: {_counts(difference.trades)}{_needed(difference)}."
    if not experiment.max_trades and not experiment.max_days:
        return (
            f"{counts} It has no planned end in trades or days, and without one no difference can "
            "be proven."
        )
    if not difference.beyond_chance:
        return counts
    return (
        f"So far {_apart(arm, difference, small=True)}. The result counts at the planned end: "
        "early differences are often due to chance."
    )


def _apart(arm: str, difference: Difference, small: bool = False) -> str:
    """The difference of the averages, with its interval where there is one."""
    way = "better" if difference.difference >= 0 else "worse"
    the = "the" if small else "The"
    sentence = (
        f"{the} average trade of {arm} was {abs(difference.difference):.3f} percentage points "
        f"{way} than the control's"
    )
    if difference.low is None or difference.high is None:
        return sentence
    return f"{sentence} ({difference.low:+.3f} to {difference.high:+.3f})"


def _counts(trades: tuple[int, int]) -> str:
    return f"{trades[0]:,} and {trades[1]:,} trades"


def _needed(difference: Difference) -> str:
    per_arm = difference.trades_needed()
    if per_arm is None:
        return ""
    if per_arm > 1_000_000:
        return "; a difference this small needs more than a million of each"
    if per_arm <= min(difference.trades):
        return "; enough to detect a difference this size with 80% power"
    return f"; about {rounded(per_arm):,} each are needed for a difference this size"

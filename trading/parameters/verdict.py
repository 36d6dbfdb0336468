"""The verdict on a change of parameters: the difference before and after it, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from trading.ledger.effect import Effect

BETTER, WORSE, OPEN = "better", "worse", "cannot tell yet"
LEVEL = 0.95
MANY = 100_000
WARNING = (
    "This compares the trades before with the trades after, nothing more. Parameters are often "
    "changed after a bad stretch, and results then tend to recover by themselves, so that even a "
    "change that does nothing looks good; the market may have changed as well."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``word`` is better, worse or cannot tell yet; None where there is nothing to compare.
    ``more_trades`` is the number of further trades that a result needs, where known."""

    word: str | None
    sentence: str
    more_trades: int | None = None


def verdict(effect: Effect | None, first: bool, trades: int, closed: bool) -> Verdict:
    """The verdict after ``trades`` trades; ``closed`` if another change followed."""
    least = settings.OUTCOME_TRADES
    if first:
        return Verdict(None, "First known version: nothing to compare with.")
    if trades < least and closed:
        return Verdict(OPEN, f"Not enough data: the next change came after {_trades(trades)}.")
    if trades < least:
        return Verdict(OPEN, f"Not enough data: {trades} of {least} trades.", least - trades)
    if effect is None:
        return Verdict(OPEN, "No earlier version has trades: nothing to compare with.")
    interval = effect.interval(LEVEL)
    if interval is None:
        return Verdict(
            OPEN, "Not enough data: an interval needs trades on at least 2 days before and after."
        )
    low, high = interval
    if low > 0 or high < 0:
        word, verb = (BETTER, "rose") if low > 0 else (WORSE, "fell")
        return Verdict(
            word,
            f"The average trade {verb} by {abs(effect.difference):.3f} percentage points: "
            f"statistically significant (95 % interval {low:+.3f} to {high:+.3f}).",
        )
    return _undecided(effect, interval, trades, closed)


def _undecided(effect: Effect, interval: tuple[float, float], trades: int, closed: bool) -> Verdict:
    low, high = interval
    change = (
        f"The average trade changed by {effect.difference:+.3f} percentage points: not "
        f"statistically significant (95 % interval {low:+.3f} to {high:+.3f})."
    )
    if closed:
        return Verdict(OPEN, f"{change} The next change ended the comparison.")
    needed = effect.trades_needed(LEVEL)
    if needed is None:
        return Verdict(
            OPEN,
            f"{change} The trades before the change are too few, or vary too much: a difference of "
            "this size cannot become significant.",
        )
    more = max(needed - trades, 1)
    if more > MANY:
        return Verdict(OPEN, f"{change} A difference this small needs more than {MANY:,} trades.")
    return Verdict(
        OPEN, f"{change} At this difference, about {_trades(rounded(more))} more are needed.", more
    )


def _trades(count: int) -> str:
    return f"{count:,} trade{'' if count == 1 else 's'}"


def rounded(count: int) -> int:
    """Rounded up to two digits: more would be false precision."""
    step: int = 10 ** max(len(str(count)) - 2, 0)
    return -(-count // step) * step

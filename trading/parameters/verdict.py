"""What the difference before and after a change allows to say, in plain words."""

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
    """``word`` is better, worse or cannot tell yet, None where there is nothing to compare;
    ``more_trades`` how many more trades the sentence says are needed, where it can say."""

    word: str | None
    sentence: str
    more_trades: int | None = None


def verdict(effect: Effect | None, first: bool, trades: int, closed: bool) -> Verdict:
    """What can be said of a change after ``trades`` trades; ``closed`` when the next one came."""
    least = settings.OUTCOME_TRADES
    if first:
        return Verdict(None, "The first known set: there is nothing before it to compare with.")
    if trades < least and closed:
        return Verdict(OPEN, f"The next change came after {_trades(trades)}: too few to tell.")
    if trades < least:
        return Verdict(OPEN, f"After {least} trades; {trades} so far.", least - trades)
    if effect is None:
        return Verdict(OPEN, "No set before it made trades: there is nothing to compare with.")
    interval = effect.interval(LEVEL)
    if interval is None:
        return Verdict(OPEN, "An interval needs trades on at least 2 days before and after.")
    low, high = interval
    if low > 0 or high < 0:
        word, verb = (BETTER, "rose") if low > 0 else (WORSE, "fell")
        return Verdict(
            word,
            f"The average trade {verb} by {abs(effect.difference):.3f} percentage points, "
            "more than chance explains.",
        )
    return _undecided(effect, trades, closed)


def _undecided(effect: Effect, trades: int, closed: bool) -> Verdict:
    told = (
        f"The average trade changed by {effect.difference:+.3f} percentage points, which chance "
        "alone may explain."
    )
    if closed:
        return Verdict(OPEN, f"{told} The next change ended the comparison.")
    needed = effect.trades_needed(LEVEL)
    if needed is None:
        return Verdict(
            OPEN,
            f"{told} The trades before the change are too few, or vary too much, for a "
            "difference of this size ever to be told from chance.",
        )
    more = max(needed - trades, 1)
    if more > MANY:
        return Verdict(OPEN, f"{told} A difference this small needs more than {MANY:,} trades.")
    return Verdict(
        OPEN, f"{told} If it stays like this, about {_trades(rounded(more))} more would tell.", more
    )


def _trades(count: int) -> str:
    return f"{count:,} trade{'' if count == 1 else 's'}"


def rounded(count: int) -> int:
    """To two digits, upwards: more would promise more than is known."""
    step = 10 ** max(len(str(count)) - 2, 0)
    return -(-count // step) * step

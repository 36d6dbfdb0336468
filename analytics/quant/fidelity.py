"""Whether a replay does what the live bot did: its trades beside the recorded ones.

A live trade and one of the replay are a *pair* where they are on the same side and were entered
within a candle of each other; the nearest ones are paired first, each once. A pair is *matched*
where both were left for the same reason.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.ledger import effect
from trading.ledger.metrics import Daily

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

DAY = 86_400
LEVEL = 0.90
FEWEST = 20  # live trades that say something about a replay
FEWEST_DAYS = 3  # two points always lie on a line
ROOM = 1e-6  # of rounding, where moments are compared
# The least agreement of each grade: matched trades as a share of all that either side made.
GRADES = (("A", 0.95), ("B", 0.85), ("C", 0.70), ("D", 0.50), ("F", 0.0))
TRUSTED = ("A", "B")
# Standard deviations of a live trade by which replays may flatter it (the gate's tolerance).
TOLERANCE = 0.06


@dataclass(frozen=True, slots=True)
class Trades:
    """By column, shape (n,): sides are 1 or -1, moments seconds since 1970, results in percent net
    of fees, reasons words (an array of objects)."""

    side: Floats
    entered: Floats
    left: Floats
    entry: Floats
    exit: Floats
    result: Floats
    reason: NDArray[np.object_]

    def __len__(self) -> int:
        return int(self.side.size)

    def take(self, rows: Whole) -> Trades:
        return Trades(
            self.side[rows],
            self.entered[rows],
            self.left[rows],
            self.entry[rows],
            self.exit[rows],
            self.result[rows],
            self.reason[rows],
        )


@dataclass(frozen=True, slots=True)
class Spread:
    """Of ``count`` differences: the median, and the quartiles between which half of them lie."""

    median: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Result of a live trade less that of its pair in the replay, percentage points: the mean, its
    90 % interval by days (None with fewer than 2 days, or where nothing varies), the standard
    deviation (None with one pair), and that of the live results."""

    mean: float
    low: float | None
    high: float | None
    sd: float | None
    live_sd: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Live = matched + other_exit + missing; ``extra`` are of the replay alone. ``entry_bps`` of
    all pairs and ``exit_bps`` of the matched ones: how much worse for us the live price was, so
    together the slippage. What is undefined is None."""

    live: int
    replay: int
    matched: int
    other_exit: int
    missing: int
    extra: int
    matched_share: float | None
    agreement: float | None
    grade: str | None
    entry_bps: Spread | None
    exit_bps: Spread | None
    gap: Gap | None
    correlation: float | None
    days: int
    exits: tuple[tuple[str, str, int], ...]


def pair(live: Trades, replay: Trades, within: float | Floats) -> Whole:
    """Rows (live, replay) of the pairs, shape (n, 2), by the live one. ``within`` is the length of
    a candle in seconds, of each live trade or of all. Nearest first; of two that are equally near
    the one that was left for the same reason, then the earlier."""
    by = np.argsort(replay.entered, kind="stable")
    times, reach = replay.entered[by], within + ROOM
    first = np.searchsorted(times, live.entered - reach, "left")
    count = np.searchsorted(times, live.entered + reach, "right") - first
    mine = np.repeat(np.arange(len(live)), count)
    theirs = by[np.arange(mine.size) - np.repeat(np.cumsum(count) - count - first, count)]
    same = live.side[mine] == replay.side[theirs]
    mine, theirs = mine[same], theirs[same]
    away = np.round(np.abs(live.entered[mine] - replay.entered[theirs]), 6)
    other = (live.reason[mine] != replay.reason[theirs]).astype(np.int64)
    found: list[tuple[int, int]] = []
    taken_live: set[int] = set()
    taken_replay: set[int] = set()
    for at in np.lexsort((theirs, mine, other, away)):
        a, b = int(mine[at]), int(theirs[at])
        if a not in taken_live and b not in taken_replay:
            found.append((a, b))
            taken_live.add(a)
            taken_replay.add(b)
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def compare(
    live: Trades, replay: Trades, within: float | Floats, until: float | None = None
) -> Compared:
    """Everything about two lists of trades. A trade of the replay that was left at ``until`` or
    later may be a live one's pair, but is not extra: the live one may be open still."""
    pairs = pair(live, replay, within)
    mine, theirs = live.take(pairs[:, 0]), replay.take(pairs[:, 1])
    same = np.asarray(mine.reason == theirs.reason, bool)
    alone = np.setdiff1d(np.arange(len(replay)), pairs[:, 1])
    if until is not None:
        alone = alone[replay.left[alone] < until]
    matched, extra = int(same.sum()), int(alone.size)
    other = Counter(
        zip(mine.reason[~same].tolist(), theirs.reason[~same].tolist(), strict=True)
    ).most_common()
    agreement = _share(matched, len(live) + extra)
    correlation, days = correlated(live, replay.take(np.sort(np.append(pairs[:, 1], alone))))
    return Compared(
        live=len(live),
        replay=len(pairs) + extra,
        matched=matched,
        other_exit=len(pairs) - matched,
        missing=len(live) - len(pairs),
        extra=extra,
        matched_share=_share(matched, len(live)),
        agreement=agreement,
        grade=grade(agreement, len(live)),
        entry_bps=spread(mine.side * (mine.entry / theirs.entry - 1.0) * 10_000.0),
        exit_bps=spread((-mine.side * (mine.exit / theirs.exit - 1.0) * 10_000.0)[same]),
        gap=gap(mine, theirs),
        correlation=correlation,
        days=days,
        exits=tuple((a, b, count) for (a, b), count in other),
    )


def grade(agreement: float | None, live: int) -> str | None:
    """A to F; None with fewer than 20 live trades, which are too few to tell."""
    if agreement is None or live < FEWEST:
        return None
    return next(name for name, least in GRADES if agreement >= least)


def spread(values: Floats) -> Spread | None:
    """None without values."""
    if not values.size:
        return None
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return Spread(float(median), float(low), float(high), int(values.size))


def gap(live: Trades, replay: Trades) -> Gap | None:
    """The differences of pairs, row by row; None without pairs. Trades of a day move together, so
    the interval is by days, as ``effect`` has it."""
    if not len(live):
        return None
    away = live.result - replay.result
    day = (live.left // DAY).astype(np.int64)
    day -= day.min()
    totals = np.bincount(day, weights=away).astype(np.float64)
    found = effect.mean(Daily(totals, np.bincount(day)))
    assert found is not None
    low = high = None
    if found.variance:
        reach = effect.t_quantile(0.5 + LEVEL / 2, found.days - 1) * math.sqrt(found.variance)
        low, high = found.mean - reach, found.mean + reach
    return Gap(found.mean, low, high, _sd(away), _sd(live.result), len(live))


def flatters(found: Gap | None, costs_pct: float) -> bool:
    """Whether the replay is surely better than the bot by more than is tolerated, once the costs
    that replays assume (percent of a trade) are taken from it too."""
    if found is None or found.high is None or not found.live_sd:
        return False
    return found.high + costs_pct < -TOLERANCE * found.live_sd


def correlated(live: Trades, replay: Trades) -> tuple[float | None, int]:
    """Pearson's correlation of what both made by UTC day of the exit, over the days on which
    either has a trade, and how many those are. None with fewer than 3, or where one is constant."""
    days, at = np.unique(
        np.floor(np.concatenate([live.left, replay.left]) / DAY), return_inverse=True
    )
    made = [
        np.bincount(places, weights=trades.result, minlength=days.size)
        for places, trades in ((at[: len(live)], live), (at[len(live) :], replay))
    ]
    count = int(days.size)
    moved = [one - one.mean() if count else one for one in made]
    size = [math.sqrt(float(one @ one)) for one in moved]
    if count < FEWEST_DAYS or min(size) <= 1e-12:
        return None, count
    return float(np.clip(moved[0] @ moved[1] / (size[0] * size[1]), -1.0, 1.0)), count


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sd(values: Floats) -> float | None:
    return float(np.std(values, ddof=1)) if values.size > 1 else None

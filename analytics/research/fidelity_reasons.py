"""Whether a replay deserves belief, and why not, the most likely reason first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from analytics.quant.fidelity import FEWEST, TRUSTED, Compared
from trading.formatting import interval as length
from trading.strategies.base import Strategy

TRUST, DOUBT, UNKNOWN = "trusted", "not trusted", "unknown"
WORTH = 0.05  # of the live trades: what explains fewer is not told as a reason
PAIRED = 0.8  # of the live trades: of fewer pairs many are of trades that are not the same
FAR_BPS = 5.0  # prices that lie further apart are another market's, or come later


@dataclass(frozen=True, slots=True)
class Facts:
    """What a comparison found. ``unknown``, ``unseen`` and ``different`` count live trades: of
    unknown parameters, where no candles are, those that report another version than was live, and
    those that report none; the first two are left out of the comparison. ``flatters``: the replay
    is surely better than the bot by more than is tolerated."""

    compared: Compared
    strategy: Strategy
    interval: int
    candle: int
    raised: bool
    gaps: int
    unknown: int
    unseen: int
    different: int
    unreported: int
    flatters: bool


def verdict(facts: Facts) -> str:
    """``unknown`` with too few trades, or where most cannot be compared."""
    compared = facts.compared
    out = facts.unknown + facts.unseen
    if compared.grade is None or out > compared.live:
        return UNKNOWN
    return TRUST if compared.grade in TRUSTED and not facts.flatters else DOUBT


def reasons(facts: Facts) -> list[str]:
    """Sentences: what is known to stand in the way, by how many trades it may explain, then what
    is left where nothing that is stored explains it."""
    if facts.compared.live < FEWEST:
        few = f"{facts.compared.live} trades could be compared; {FEWEST} are needed to tell."
        return [few, *(text for _, text in _told(facts))]
    doubted, weighted = verdict(facts) != TRUST, _told(facts)
    sentences = [text for share, text in weighted if doubted or share > WORTH]
    if facts.flatters:
        sentences.append(_flattery(facts))
    if (
        facts.compared.grade not in TRUSTED
        and sum(share for share, _ in weighted) < _missed(facts) / 2
    ):
        sentences += _unexplained(facts)
    return sentences


def _unexplained(facts: Facts) -> list[str]:
    """What is left where what is stored explains less than half of what is missed."""
    sentences = []
    if facts.unreported > facts.compared.live / 2:
        sentences.append(
            "The bot does not report the version of the parameters that made a trade, so it may "
            "have run other values than those known here."
        )
    return [
        *sentences,
        "What is stored explains little of it: most likely the bot runs other values or "
        f"other rules than those of {facts.strategy.key} here.",
    ]


def _missed(facts: Facts) -> float:
    """The share of all trades that are not matched."""
    return 1.0 - (facts.compared.agreement or 0.0)


def _told(facts: Facts) -> list[tuple[float, str]]:
    """Each with the share of the live trades that it may explain, the largest first."""
    live = max(facts.compared.live, 1)
    everyone = live + facts.unknown + facts.unseen
    weighted = [
        *_data(facts),
        *_exits(facts, live),
        (
            facts.different / live,
            f"{facts.different} of {live} trades report another version of "
            "the parameters than was live when they were entered.",
        ),
        (
            facts.unknown / everyone,
            f"{facts.unknown} trades were entered while it is not known "
            "which parameters were live; they were left out.",
        ),
        (
            facts.unseen / everyone,
            f"{facts.unseen} trades were entered where no candles are stored; they were left out.",
        ),
    ]
    entry = facts.compared.entry_bps
    if entry and entry.count > live * PAIRED and max(abs(entry.low), abs(entry.high)) > FAR_BPS:
        weighted.append(
            (
                WORTH * 2,
                f"Half of the entries lie {entry.low:+.1f} to {entry.high:+.1f} bps from "
                "those of the replay: other prices than the bot's, or ones that came later.",
            )
        )
    return sorted((reason for reason in weighted if reason[0] > 0), key=lambda reason: -reason[0])


def _data(facts: Facts) -> list[tuple[float, str]]:
    """What the candles hide."""
    missed, weighted = _missed(facts), []
    if facts.raised:
        weighted.append(
            (
                missed,
                (
                    f"The stored candles ({length(facts.interval)}) are longer than the "
                    "strategy's, so its candles were made as long; import finer ones."
                ),
            )
        )
    elif facts.interval == facts.candle:
        weighted.append(
            (
                missed * 0.9,
                (
                    f"The bot sees prices inside its candles of {length(facts.candle)}, and only "
                    "whole candles are stored; finer ones would show when it looked."
                ),
            )
        )
    if facts.gaps:
        weighted.append(
            (
                missed * 0.5,
                (
                    f"The candles have {facts.gaps} gaps of more than three, each followed by a "
                    "warm-up."
                ),
            )
        )
    return weighted


def _exits(facts: Facts, live: int) -> list[tuple[float, str]]:
    """Trades that were entered alike and left for another reason."""
    if not facts.compared.exits:
        return []
    mine, theirs, count = facts.compared.exits[0]
    share = facts.compared.other_exit / live
    if mine not in facts.strategy.exit_reasons:
        return [
            (
                share,
                f'The bot leaves for reasons of other names: its "{mine}" is most often '
                f"{theirs} in the replay ({count} trades).",
            )
        ]
    return [
        (
            share,
            f"{facts.compared.other_exit} trades were entered alike and left for another "
            f"reason, most often {mine} by the bot and {theirs} in the replay "
            f"({count}).",
        )
    ]


def _flattery(facts: Facts) -> str:
    gap = facts.compared.gap
    assert gap is not None
    return (
        f"The bot's trades end {-gap.mean:.3f} percentage points below those of the replay on "
        "average, which is more than the costs that replays assume explain."
    )


def day(moment: datetime | None) -> str:
    """A moment as errors name it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else "the first"

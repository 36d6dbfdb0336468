"""Which setups of a strategy are better or worse than its others: the breakdown of its trades.

Every fact known at the entry (the common context, the strategy's declared features, side, market,
regime and session) is a way to tell trades apart, alone and with every other. How a trade ended is
not known at its entry: it is described and never named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from analytics import conditions, facts, frames_context, measures
from analytics.frames_context import ContextTrades
from analytics.quant import buckets, setups, units
from analytics.quant.buckets import Buckets, Fact
from trading import clock
from trading.clock import DAY

SHOWN_PAIRS = 40
TELLS = 0.15  # of a trade's spread: an excess worth knowing
UNIT_SHARE = 0.5  # results are counted in u where so many of the trades have a scale
Verdict = Literal["named", "none", "too_few"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact of a setup: a value, or a range from ``low`` to below ``high`` (None: open)."""

    feature: str
    unit: str
    value: str | float | bool | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Setup:
    """A bucket of trades. ``metrics`` are those of trading.ledger.metrics (win_rate,
    avg_pnl_pct and its interval, profit_factor ...), as they were.

    What is judged is in the breakdown's unit, None where trades (20) or days (10) are too few:
    ``excess`` over the strategy's mean as it was, ``shrunk`` as it is to be expected from now on,
    between ``low`` and ``high`` with a chance of 95 %; ``wrong_sign``: the chance that the true
    excess is none or the other way. ``needed``: trades of this setup after which its shrunk
    excess, were it true, would be told from nothing.
    """

    conditions: tuple[Condition, ...]
    metrics: dict[str, Any]
    days: int
    win_rate_shrunk: float | None = None
    excess: float | None = None
    shrunk: float | None = None
    low: float | None = None
    high: float | None = None
    wrong_sign: float | None = None
    named: bool = False
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The setups of a strategy in a window, all JSON can hold (``dataclasses.asdict``; moments as
    ISO texts).

    ``unit`` of results: ``u`` (PnL over initial risk, else over the trailing spread) or ``pct``.
    ``looked`` setups were judged together, ``singles`` are all of one fact, ``pairs`` those of two
    that are named and the 40 nearest to it. ``best`` and ``worst`` are named, best first and worst
    first. ``verdict``: ``named``, ``none`` (no setup is distinguishable yet) or ``too_few``
    (nothing could be judged). ``needed``: trades of one setup that would tell an excess of
    ``tells`` (0.15 of a trade's spread) from nothing. ``afterwards``: by facts known at the exit
    alone. ``missing``: facts that no trade recorded; ``unpaired``: facts beyond the 20 paired.
    """

    instance: int
    mode: str
    since: str | None
    until: str
    as_of: str
    unit: str
    trades: int
    days: int
    judged_trades: int
    mean: float | None
    sd: float | None
    metrics: dict[str, Any]
    looked: int
    verdict: Verdict
    needed: int | None
    tells: float | None
    best: tuple[Setup, ...]
    worst: tuple[Setup, ...]
    singles: dict[str, tuple[Setup, ...]]
    pairs: tuple[Setup, ...]
    afterwards: dict[str, tuple[Setup, ...]]
    missing: tuple[str, ...]
    unpaired: tuple[str, ...]


def breakdown(
    instance: int, mode: str, since: datetime | None, until: datetime, as_of: datetime
) -> Breakdown:
    """The setups of a strategy's trades with since <= exit < until, and none after ``as_of``."""
    end = min(until, as_of)
    trades = frames_context.context_trades(instance, mode, since, end)
    features = frames_context.features(instance)
    entry = facts.at_entry(trades, features, conditions.labels(instance, trades))
    known = [fact for fact in entry if fact.bins]
    unit, result = _results(instance, mode, trades)
    found = buckets.judge(known, trades.rows.trades.exit_at // DAY, result)
    table = _Table(trades, known, found, measures.window(
        trades.rows.trades, None if since is None else clock.to_micros(since), clock.to_micros(end)
    ))  # fmt: skip
    singles, pairs = table.setups(*_shown(found))
    named = [one for one in (*singles, *pairs) if one.named]
    good = sorted((one for one in named if (one.shrunk or 0) > 0), key=lambda one: -_size(one))
    bad = sorted((one for one in named if (one.shrunk or 0) < 0), key=lambda one: -_size(one))
    judged, looked = result[~np.isnan(result)], int((~np.isnan(found.judged.wrong_sign)).sum())
    sd = float(np.std(judged, ddof=1)) if judged.size > 1 else None
    return Breakdown(
        instance=instance, mode=mode, since=since and clock.to_text(since),
        until=clock.to_text(until), as_of=clock.to_text(as_of), unit=unit,
        trades=len(trades), days=int(np.unique(trades.rows.trades.exit_at // DAY).size),
        judged_trades=int(judged.size), mean=float(judged.mean()) if judged.size else None, sd=sd,
        metrics=measures.of_parts(
            trades.rows.trades, [np.arange(len(trades))], table.within
        )[0],
        looked=looked, verdict="named" if named else "none" if looked else "too_few",
        needed=setups.trades_needed(1.0, TELLS), tells=TELLS * sd if sd else None,
        best=tuple(good), worst=tuple(bad), singles=_by_feature(known, singles), pairs=pairs,
        afterwards=table.afterwards(facts.at_exit(trades, features)),
        missing=tuple(fact.name for fact in entry if not fact.bins),
        unpaired=tuple(fact.name for fact in known[buckets.PAIRED :]),
    )  # fmt: skip


def _results(instance: int, mode: str, trades: ContextTrades) -> tuple[str, np.ndarray]:
    """The unit, and what each trade made in it: u where half of the trades have a scale."""
    r, exit_at = trades.rows.trades.r, trades.rows.trades.exit_at
    if not r.size:
        return "u", r
    first = int(exit_at[0]) // DAY * DAY
    before = frames_context.results_before(instance, mode, first, units.TRAILING)
    u = units.of_days(exit_at // DAY, r, units.risk_pct(trades.entry, trades.stop), before)
    return ("u", u) if (~np.isnan(u)).mean() >= UNIT_SHARE else ("pct", r)


def _shown(found: Buckets) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the setups of one fact, and of those of two that are worth a look: the named ones,
    and those whose sign is surest."""
    alone = np.flatnonzero(found.second < 0)
    wrong = np.where(np.isnan(found.judged.wrong_sign), np.inf, found.judged.wrong_sign)
    wrong[alone] = np.inf
    order = np.argsort(wrong, kind="stable")
    most = max(SHOWN_PAIRS, int((wrong < setups.SURE).sum()))
    pairs = order[:most]
    return alone, pairs[np.isfinite(wrong[pairs])]


def _size(setup: Setup) -> float:
    return abs(setup.shrunk or 0.0)


def _by_feature(known: Sequence[Fact], singles: Sequence[Setup]) -> dict[str, tuple[Setup, ...]]:
    found: dict[str, list[Setup]] = {fact.name: [] for fact in known}
    for setup in singles:
        found[setup.conditions[0].feature].append(setup)
    return {name: tuple(of) for name, of in found.items()}


@dataclass(frozen=True, slots=True)
class _Table:
    """What setups are made from."""

    trades: ContextTrades
    facts: list[Fact]
    found: Buckets
    within: measures.Window

    def setups(self, *kinds: np.ndarray) -> list[tuple[Setup, ...]]:
        return [self._setups(rows.tolist()) for rows in kinds]

    def _setups(self, rows: list[int]) -> tuple[Setup, ...]:
        parts = [self.found.rows(row, self.facts) for row in rows]
        told = measures.of_parts(self.trades.rows.trades, parts, self.within)
        day = self.trades.rows.trades.exit_at // DAY
        return tuple(
            Setup(self._conditions(row), measured, int(np.unique(day[part]).size),
                  **self._judgement(row))
            for row, part, measured in zip(rows, parts, told, strict=True)
        )  # fmt: skip

    def _conditions(self, row: int) -> tuple[Condition, ...]:
        one, two = int(self.found.first[row]), int(self.found.second[row])
        first = _condition(self.facts[one], int(self.found.bin[row]))
        if two < 0:
            return (first,)
        return first, _condition(self.facts[two], int(self.found.other[row]))

    def _judgement(self, row: int) -> dict[str, Any]:
        judged = self.found.judged
        told: dict[str, Any] = {
            name: _or_none(getattr(judged, name)[row])
            for name in ("excess", "shrunk", "low", "high", "wrong_sign")
        }
        told["named"] = bool(judged.named[row])
        if told["shrunk"]:
            spread = float(judged.error[row]) * math.sqrt(float(self.found.sums.trades[row]))
            told["needed"] = setups.trades_needed(spread, told["shrunk"])
        return told

    def afterwards(self, by_exit: Sequence[Fact]) -> dict[str, tuple[Setup, ...]]:
        """What only the exit told, described and not judged."""
        found = {}
        for fact in by_exit:
            parts = [np.flatnonzero(fact.code == at) for at in range(len(fact.bins))]
            told = measures.of_parts(self.trades.rows.trades, parts, self.within)
            day = self.trades.rows.trades.exit_at // DAY
            found[fact.name] = tuple(
                Setup((_condition(fact, at),), measured, int(np.unique(day[part]).size))
                for at, (part, measured) in enumerate(zip(parts, told, strict=True))
            )
        return {name: of for name, of in found.items() if of}


def _condition(fact: Fact, at: int) -> Condition:
    one = fact.bins[at]
    return Condition(fact.name, fact.unit, one.value, one.low, one.high)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)

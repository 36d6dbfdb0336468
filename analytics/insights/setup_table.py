"""Setups as they are told: the facts that make one, its metrics, and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from analytics.frames.context import ContextTrades
from analytics.insights import group_metrics
from analytics.quant import setups
from analytics.quant.binning import Buckets, Fact
from trading.clock import DAY


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

    @property
    def better(self) -> bool:
        """Whether it is expected to lie above the strategy's mean."""
        return (self.shrunk or 0.0) > 0


@dataclass(frozen=True, slots=True)
class Table:
    """What setups are made from."""

    trades: ContextTrades
    facts: list[Fact]
    found: Buckets
    within: group_metrics.Window
    interval: bool = True

    def setups(self, *kinds: np.ndarray) -> list[tuple[Setup, ...]]:
        """The setups in rows of the buckets, of each kind; their win rates are shrunk together."""
        told = [one for rows in kinds for one in self._setups(rows.tolist())]
        wins, trades = (
            np.array([one.metrics[name] for one in told], dtype=np.float64)
            for name in ("wins", "trades")
        )
        rates = setups.win_rates(wins, trades).tolist()
        whole = [
            replace(one, win_rate_shrunk=rate if one.metrics["trades"] else None)
            for one, rate in zip(told, rates, strict=True)
        ]
        ends = np.cumsum([0, *(rows.size for rows in kinds)]).tolist()
        return [tuple(whole[first:end]) for first, end in pairwise(ends)]

    def _setups(self, rows: list[int]) -> list[Setup]:
        parts = [self.found.rows(row, self.facts) for row in rows]
        told = group_metrics.of_parts(
            self.trades.rows.trades, parts, self.within, interval=self.interval
        )
        return [
            Setup(self._conditions(row), measured, self._days(part), **self._judgement(row))
            for row, part, measured in zip(rows, parts, told, strict=True)
        ]

    def _days(self, part: np.ndarray) -> int:
        return int(np.unique(self.trades.rows.trades.exit_at[part] // DAY).size)

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
            told = group_metrics.of_parts(
                self.trades.rows.trades,
                parts,
                self.within,
                interval=self.interval and fact.name == "exit_reason",
            )
            found[fact.name] = tuple(
                Setup((_condition(fact, at),), measured, self._days(part))
                for at, (part, measured) in enumerate(zip(parts, told, strict=True))
            )
        return {name: of for name, of in found.items() if of}


def _condition(fact: Fact, at: int) -> Condition:
    one = fact.bins[at]
    return Condition(fact.name, fact.unit, one.value, one.low, one.high)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)

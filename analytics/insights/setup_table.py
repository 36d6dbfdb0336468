"""Setups: the conditions that define one, its metrics and its significance."""

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
    """One condition of a setup: a value, or a range low <= x < high (None: open)."""

    feature: str
    unit: str
    value: str | float | bool | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Setup:
    """A bucket of trades. ``metrics``: those of ``trading.ledger.metrics``, not adjusted.

    In the breakdown's unit, None with fewer than 20 trades or 10 days: ``excess`` over the
    strategy's mean; ``shrunk``: the excess expected in future, with its 95% interval ``low`` to
    ``high``; ``wrong_sign``: probability that the true excess is zero or has the other sign.
    ``named``: significant. ``needed``: trades of this setup that detect the shrunk excess.
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
        """Whether its expected result is above the strategy's mean."""
        return (self.shrunk or 0.0) > 0


@dataclass(frozen=True, slots=True)
class Table:
    """Trades in buckets, from which setups are made."""

    trades: ContextTrades
    facts: list[Fact]
    buckets: Buckets
    within: group_metrics.Window
    interval: bool = True

    def setups(self, *kinds: np.ndarray) -> list[tuple[Setup, ...]]:
        """The setups in these rows of the buckets, a tuple per argument; win rates are shrunk
        together."""
        raw = [setup for rows in kinds for setup in self._setups(rows.tolist())]
        wins, trades = (
            np.array([setup.metrics[name] for setup in raw], dtype=np.float64)
            for name in ("wins", "trades")
        )
        rates = setups.win_rates(wins, trades).tolist()
        shrunk = [
            replace(setup, win_rate_shrunk=rate if setup.metrics["trades"] else None)
            for setup, rate in zip(raw, rates, strict=True)
        ]
        ends = np.cumsum([0, *(rows.size for rows in kinds)]).tolist()
        return [tuple(shrunk[first:end]) for first, end in pairwise(ends)]

    def _setups(self, rows: list[int]) -> list[Setup]:
        parts = [self.buckets.rows(row, self.facts) for row in rows]
        groups = group_metrics.of_parts(
            self.trades.rows.trades, parts, self.within, interval=self.interval
        )
        return [
            Setup(self._conditions(row), metrics, self._days(part), **self._judgement(row))
            for row, part, metrics in zip(rows, parts, groups, strict=True)
        ]

    def _days(self, part: np.ndarray) -> int:
        return int(np.unique(self.trades.rows.trades.exit_at[part] // DAY).size)

    def _conditions(self, row: int) -> tuple[Condition, ...]:
        fact, second = int(self.buckets.first[row]), int(self.buckets.second[row])
        condition = _condition(self.facts[fact], int(self.buckets.bin[row]))
        if second < 0:
            return (condition,)
        return condition, _condition(self.facts[second], int(self.buckets.other[row]))

    def _judgement(self, row: int) -> dict[str, Any]:
        judged = self.buckets.judged
        values: dict[str, Any] = {
            name: _or_none(getattr(judged, name)[row])
            for name in ("excess", "shrunk", "low", "high", "wrong_sign")
        }
        values["named"] = bool(judged.named[row])
        if values["shrunk"]:
            spread = float(judged.error[row]) * math.sqrt(float(self.buckets.sums.trades[row]))
            values["needed"] = setups.trades_needed(spread, values["shrunk"])
        return values

    def afterwards(self, by_exit: Sequence[Fact]) -> dict[str, tuple[Setup, ...]]:
        """Setups by facts known only at exit: described, not judged."""
        described = {}
        for fact in by_exit:
            parts = [np.flatnonzero(fact.code == at) for at in range(len(fact.bins))]
            groups = group_metrics.of_parts(
                self.trades.rows.trades,
                parts,
                self.within,
                interval=self.interval and fact.name == "exit_reason",
            )
            described[fact.name] = tuple(
                Setup((_condition(fact, at),), metrics, self._days(part))
                for at, (part, metrics) in enumerate(zip(parts, groups, strict=True))
            )
        return {name: setups for name, setups in described.items() if setups}


def _condition(fact: Fact, at: int) -> Condition:
    values = fact.bins[at]
    return Condition(fact.name, fact.unit, values.value, values.low, values.high)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)

"""A better target or stop by MFE and MAE, for strategies that cannot be backtested."""

from __future__ import annotations

from typing import NamedTuple

from analytics.quant.exits import WhatIf
from analytics.reports.data import Effect, Evidence
from trading.formatting import counted, signed

from .base import Action, Case, Confidence, Need, Proposal, RecommendationKind, direction


class _Level(NamedTuple):
    parameter: str
    value: float  # percent of the entry price
    what_if: WhatIf


def _propose(case: Case) -> list[Proposal]:
    """The single level whose pessimistic result is significantly better."""
    if case.has(Need.CANDLES) or case.section.exits is None:
        return []
    levels = [
        level for what_if in case.section.exits.better if (level := _level(what_if)) is not None
    ]
    levels = [level for level in levels if level.parameter in case.values]
    levels.sort(key=lambda level: -(level.what_if.change_low or 0.0))
    return [_proposal(case, level) for level in levels[:1]]


def _level(what_if: WhatIf) -> _Level | None:
    """The level, where only one of target and stop differs."""
    if what_if.target is not None and what_if.stop is None:
        return _Level("take_profit_bps", what_if.target, what_if)
    if what_if.stop is not None and what_if.target is None:
        return _Level("stop_loss_bps", what_if.stop, what_if)
    return None


def _proposal(case: Case, level: _Level) -> Proposal:
    name, what_if = level.parameter, level.what_if
    old, new = case.values[name], round(level.value * 100, 1)
    text = (
        f"{counted(what_if.trades, 'trade')} averaged {signed(what_if.now, digits=3)}; by their "
        f"MFE and MAE they would have averaged {signed(what_if.low, digits=3)} to "
        f"{signed(what_if.high, digits=3)}."
    )
    return Proposal(
        Action.PARAMETER,
        f"{name}:{direction(old, new)}",
        f"{case.change(name, old, new)}.",
        [Evidence(text=text, part="exits")],
        55.0,
        Confidence.LOW,
        {name: (old, new)},
        Effect(
            avg_pnl_pct=None if what_if.low is None else what_if.low - what_if.now,
            low=what_if.change_low,
            high=what_if.change_high,
            of="average PnL per trade, by MFE and MAE",
        ),
        "Prices after the exits are unknown, and other trades would have followed.",
        "Run an experiment against the live values, or import candles and run a backtest.",
    )


KIND = RecommendationKind("level", "Move a target or stop", _propose, frozenset({Need.VALUES}))

"""Setups, market regimes and exits of a strategy: they look back half a year, because one day is
too short to judge them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from analytics.frames import context
from analytics.frames.context import ContextTrades
from analytics.frames.reports import StrategyInstance
from analytics.insights import breakdown, exits, market_state, regimes
from analytics.insights.market_state import Market
from analytics.insights.setup_table import Setup
from analytics.quant.exits import WhatIf
from analytics.reports.data import Exits, FeatureBin, Regimes, SetupLine, Setups, parse
from trading.performance import measure
from trading.performance.selection import Selection

LOOKBACK = timedelta(days=180)
HOUR = 3_600  # bars in which markets are described, the same for all strategies
MOST_TRADES = 50_000  # read with their whole context
MOST = 5  # of a kind


class DeepSections(NamedTuple):
    """Each is None, or empty, without trades in the half year."""

    setups: Setups | None
    market: list[Market]
    regimes: Regimes | None
    exits: Exits | None


class _Window(NamedTuple):
    instance: int
    mode: str
    since: datetime
    until: datetime


def deep_sections(instance: StrategyInstance, mode: str, until: datetime) -> DeepSections:
    """Setups, markets, regimes and exits of a strategy up to a moment."""
    window = _Window(instance.pk, mode, _since(instance, mode, until), until)
    market = market_state.markets(instance.pk, until, wanted=HOUR)[:MOST]
    trades = context.context_trades(*window)
    if not len(trades):
        return DeepSections(None, market, None, None)
    return DeepSections(
        _setups(window, trades), market, _regimes(window, trades), _exits(window, trades)
    )


def _since(instance: StrategyInstance, mode: str, until: datetime) -> datetime:
    """Half a year before, or as many whole days as hold at most MOST_TRADES."""
    selection = Selection(instance=instance, mode=mode, since=until - LOOKBACK, until=until)
    [whole] = measure(selection)
    newest = np.cumsum(whole.daily.trades[::-1])
    days = int((newest <= MOST_TRADES).sum()) if newest.size else LOOKBACK.days
    return until - min(LOOKBACK, timedelta(days=max(days, 1)))


def _setups(window: _Window, trades: ContextTrades) -> Setups:
    table = breakdown.breakdown(*window, window.until, interval=False, trades=trades)
    return Setups(
        days_back=(window.until - window.since).days,
        unit=table.unit,
        trades=table.trades,
        days=table.days,
        mean=table.mean,
        sd=table.sd,
        looked=table.looked,
        verdict=table.verdict,
        needed=table.needed,
        tells=table.tells,
        best=[parse(setup, SetupLine) for setup in table.best[:MOST]],
        worst=[parse(setup, SetupLine) for setup in table.worst[:MOST]],
        singles={
            name: [_feature_bin(setup) for setup in setups]
            for name, setups in table.singles.items()
        },
        missing=list(table.missing),
    )


def _feature_bin(setup: Setup) -> FeatureBin:
    return parse(
        {
            **setup.metrics,
            "condition": setup.conditions[0],
            "named": setup.named,
            "shrunk": setup.shrunk,
        },
        FeatureBin,
    )


def _regimes(window: _Window, trades: ContextTrades) -> Regimes:
    performance = regimes.performance(*window, window.until, interval=False, trades=trades)
    return parse(performance, Regimes)


def _exits(window: _Window, trades: ContextTrades) -> Exits:
    """Exit quality by reason, and the targets and stops that do significantly better."""
    analysis = exits.judge(*window, window.until, trades=trades)
    better = sorted(
        (what_if for what_if in analysis.what_ifs if (what_if.change_low or 0.0) > 0),
        key=lambda what_if: -(what_if.change_low or 0.0),
    )
    return Exits(
        trades=analysis.trades,
        recorded=analysis.recorded,
        from_candles=analysis.from_candles,
        unknown=analysis.unknown,
        why=analysis.why,
        overall=analysis.overall,
        reasons=analysis.reasons,
        better=better[:MOST],
        targets=_without(analysis.what_ifs, "stop"),
        stops=_without(analysis.what_ifs, "target"),
    )


def _without(what_ifs: Sequence[WhatIf], level: str) -> list[WhatIf]:
    return [what_if for what_if in what_ifs if getattr(what_if, level) is None]

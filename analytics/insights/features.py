"""The facts by which trades are grouped, from their recorded context."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.frames.context import ContextTrades
from analytics.insights.regimes import Labels
from analytics.quant import binning
from analytics.quant.binning import Fact
from trading.strategies.base import Feature

SIDES = {1: "long", -1: "short"}
HOUR = "entry_hour"
DAY = "entry_day_of_week"
LEVEL = (0.5, 2.0)  # times the entry price: numbers in this range are price levels


def at_entry(trades: ContextTrades, features: Sequence[Feature], labels: Labels) -> list[Fact]:
    """Facts known at entry, most general first."""
    common = [
        binning.categories("side", [SIDES[side] for side in trades.side.tolist()]),
        binning.categories("market", trades.market.tolist()),
        binning.categories("volatility_regime", labels.volatility),
        binning.categories("session", labels.session),
    ]
    declared = [_fact(trades, feature) for feature in features if feature.at == "entry"]
    return [*common, *declared]


def at_exit(trades: ContextTrades, features: Sequence[Feature]) -> list[Fact]:
    """Facts known only at exit: they describe trades but cannot select them."""
    reason = binning.categories("exit_reason", trades.reason.tolist())
    return [reason, *(_fact(trades, feature) for feature in features if feature.at == "exit")]


def _fact(trades: ContextTrades, feature: Feature) -> Fact:
    if feature.kind != "number":
        return binning.categories(feature.name, trades.recorded[feature.name], feature.unit)
    values = trades.number(feature.name)
    if feature.name == HOUR:
        return binning.hours(feature.name, values)
    if feature.unit == "price":
        return binning.numbers(feature.name, beside_price(values, trades.entry), "bps")
    return binning.numbers(feature.name, values, feature.unit)


def beside_price(values: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """A number in price units as bps of the entry price, shape (n,); a price level as its distance
    from the entry (the level itself would only say when the trade was made)."""
    share = values / entry
    known = share[~np.isnan(share)]
    is_level = known.size and LEVEL[0] < float(np.median(known)) < LEVEL[1]
    return np.asarray((share - 1.0 if is_level else share) * 10_000.0)

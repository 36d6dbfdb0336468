"""The facts by which trades of a strategy are told apart, from what was recorded of them."""

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
LEVEL = (0.5, 2.0)  # of the entry price: a number about as large as the price is a level


def at_entry(trades: ContextTrades, features: Sequence[Feature], labels: Labels) -> list[Fact]:
    """What was known when a trade was entered, most general first: those that are paired."""
    common = [
        binning.categories("side", [SIDES[side] for side in trades.side.tolist()]),
        binning.categories("market", trades.market.tolist()),
        binning.categories("volatility_regime", labels.volatility),
        binning.categories("session", labels.session),
    ]
    declared = [_fact(trades, feature) for feature in features if feature.at == "entry"]
    return [*common, *declared]


def at_exit(trades: ContextTrades, features: Sequence[Feature]) -> list[Fact]:
    """What only the exit told: it describes trades, and nobody could have chosen by it."""
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
    """A number in units of the price, in bps of the entry price, shape (n,): a level as its
    distance from it. A price by itself only tells when a trade was made."""
    share = values / entry
    known = share[~np.isnan(share)]
    level = known.size and LEVEL[0] < float(np.median(known)) < LEVEL[1]
    return (share - 1.0 if level else share) * 10_000.0

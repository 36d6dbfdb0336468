"""The admin's pages of trades, markets, parameters and bots."""

from . import bots, bricks, experiments, market, open_positions, strategies, sums, trades

__all__ = [
    "bots",
    "bricks",
    "experiments",
    "market",
    "open_positions",
    "strategies",
    "sums",
    "trades",
]

"""The admin's pages of trades, markets, parameters and bots."""

from . import bots, bricks, market, strategies, sums, trades

__all__ = ["bots", "bricks", "market", "strategies", "sums", "trades"]

"""Admin pages of trades, markets, parameters, experiments and bots."""

from .bots import bots
from .experiments import experiments
from .market import bricks, candle_series, rollups
from .strategies import strategies
from .trades import open_positions, trades

__all__ = [
    "bots",
    "bricks",
    "candle_series",
    "experiments",
    "open_positions",
    "rollups",
    "strategies",
    "trades",
]

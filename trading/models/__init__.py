"""Trades, markets, aggregates, parameters and experiments of bots."""

from .bots import Book, Bot, BotToken, ExternalStrategy, Market, Mode, Status, StrategyInstance
from .experiments import ArmBlock, Experiment, ExperimentArm
from .market import CandleBlock, CandleSeries, EvaluationCount, RenkoBrick
from .parameters import Freeze, LivePeriod, LiveSet, Origin, ParameterSet, Preset
from .rollups import RollupDay, Scope
from .state import SimulatedClock, StateEntry
from .trades import (
    ClosedPosition,
    Position,
    Side,
    Trade,
    TradeContext,
    TradeRevision,
    Trend,
    VolatilityTrend,
)

__all__ = [
    "ArmBlock",
    "Book",
    "Bot",
    "BotToken",
    "CandleBlock",
    "CandleSeries",
    "ClosedPosition",
    "EvaluationCount",
    "Experiment",
    "ExperimentArm",
    "ExternalStrategy",
    "Freeze",
    "LivePeriod",
    "LiveSet",
    "Market",
    "Mode",
    "Origin",
    "ParameterSet",
    "Position",
    "Preset",
    "RenkoBrick",
    "RollupDay",
    "Scope",
    "Side",
    "SimulatedClock",
    "StateEntry",
    "Status",
    "StrategyInstance",
    "Trade",
    "TradeContext",
    "TradeRevision",
    "Trend",
    "VolatilityTrend",
]

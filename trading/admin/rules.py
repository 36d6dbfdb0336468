"""What a strategy on record declares, where that is known."""

from __future__ import annotations

from trading.declared import strategy_of
from trading.models import StrategyInstance
from trading.strategies import UnknownStrategy
from trading.strategies.base import Strategy


def rules_of(instance: StrategyInstance) -> Strategy | None:
    """The declaration of an instance's strategy; None where nothing declares it any more."""
    try:
        return strategy_of(instance)
    except UnknownStrategy:
        return None

"""What bots push: ``store_trades`` for trades, a module each for positions, bricks, evaluation
counts, state and heartbeats. The API and the importers call it.
"""

from .trades import Outcome, store_trades

__all__ = ["Outcome", "store_trades"]

from .trades import Outcome, store_trades

__all__ = ["Outcome", "store_trades"]

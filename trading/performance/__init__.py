from .measure import Group, equity, measure

__all__ = ["Group", "equity", "measure"]

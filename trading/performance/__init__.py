"""Metrics of any selection of trades, whole or by group: ``measure(selection, by)``.

The API, pages, reports and commands call it.
"""

from .measure import Group, as_numbers, equity, measure

__all__ = ["Group", "as_numbers", "equity", "measure"]

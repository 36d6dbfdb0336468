"""Metrics of any selection of trades, whole or by group: ``measure(selection, by)``.

The API, pages, reports and commands ask here.
"""

from .measure import Group, equity, measure
from .plain import numbers

__all__ = ["Group", "equity", "measure", "numbers"]

"""Experiments on live trades: ``design`` plans one; ``start``, ``end``, ``keep``, ``promote``.

``results`` has the metrics of its arms, ``verdict`` the conclusion.
"""

from .lifecycle import end, keep, promote, start

__all__ = ["end", "keep", "promote", "start"]

"""Experiments on live trades: ``design`` plans one; ``start``, ``end``, ``keep``, ``promote``.

``results`` and ``verdict`` say what it showed.
"""

from .lifecycle import end, keep, promote, start

__all__ = ["end", "keep", "promote", "start"]

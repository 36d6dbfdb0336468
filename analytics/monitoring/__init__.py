"""Monitoring: performance snapshots and alerts.

``monitor`` checks every alert rule and takes the snapshots that are due; ``pulse`` checks only the
rules of the moment (bots offline, queue stuck); ``active`` lists the alerts of a moment. ``alerts``
has one file per rule and the life cycle of an alert.
"""

from .stage import active, analyze, monitor, pulse

__all__ = ["active", "analyze", "monitor", "pulse"]

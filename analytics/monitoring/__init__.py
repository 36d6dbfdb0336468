"""Watches every bot: ``pulse`` takes a snapshot and checks the alert rules.

``monitor`` and ``analyze`` do it for the commands; ``alerts`` has one file per rule and the life
cycle of an alert.
"""

from .stage import active, analyze, monitor, pulse

__all__ = ["active", "analyze", "monitor", "pulse"]

"""Judgements, and the work that makes them."""

from .evidence import ArmDay, Progress, Source, TradeDay
from .jobs import Effect, JobLine, JobRun, WorkerBeat
from .watch import AlarmRule, Alert, AlertEvent, Severity, Snapshot, Trend

__all__ = [
    "AlarmRule",
    "Alert",
    "AlertEvent",
    "ArmDay",
    "Effect",
    "JobLine",
    "JobRun",
    "Progress",
    "Severity",
    "Snapshot",
    "Source",
    "TradeDay",
    "Trend",
    "WorkerBeat",
]

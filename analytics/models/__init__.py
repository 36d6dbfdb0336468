"""Judgements, and the work that makes them."""

from .channels import Channel, Message, Notice
from .evidence import ArmDay, Progress, Source, TradeDay
from .jobs import Effect, JobLine, JobRun, WorkerBeat
from .lab import Run, RunTrades
from .reports import Recommendation, Report, ReportNotice
from .watch import AlarmRule, Alert, AlertEvent, Severity, Snapshot, Trend

__all__ = [
    "AlarmRule",
    "Alert",
    "AlertEvent",
    "ArmDay",
    "Channel",
    "Effect",
    "JobLine",
    "JobRun",
    "Message",
    "Notice",
    "Progress",
    "Recommendation",
    "Report",
    "ReportNotice",
    "Run",
    "RunTrades",
    "Severity",
    "Snapshot",
    "Source",
    "TradeDay",
    "Trend",
    "WorkerBeat",
]

"""Tables of evidence, alerts, reports, backtests, jobs and notifications."""

from .evidence import ArmDay, Progress, Source, TradeDay
from .jobs import JobLine, JobRun, WorkerBeat
from .monitoring import Alert, AlertEvent, AlertRuleSetting, Severity, Snapshot, Trend
from .notifications import Channel, Message, Notice
from .reports import STANDING_KEY, Recommendation, Report, ReportNotice
from .research import Run, RunTrades

__all__ = [
    "STANDING_KEY",
    "Alert",
    "AlertEvent",
    "AlertRuleSetting",
    "ArmDay",
    "Channel",
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

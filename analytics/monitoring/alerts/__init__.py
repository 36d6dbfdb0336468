"""The registry of alarms: one file each in ``kinds``, one line here."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType

from .base import Alarm

_FILES = (
    "degraded",
    "window_loss",
    "win_rate",
    "drawdown",
    "losing_streak",
    "no_trades",
    "trade_rate",
    "exits",
    "fees",
    "silent",
    "clock_skew",
    "candles",
    "parameters_differ",
    "job_failed",
    "queue_stuck",
    "storage",
)

_ALARMS: tuple[Alarm, ...] = tuple(
    import_module(f"analytics.monitoring.alerts.rules.{file}").ALARM for file in _FILES
)
REGISTRY = MappingProxyType({alarm.key: alarm for alarm in _ALARMS})

"""The registry of alert rules: one file each in ``rules``, one line here."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType

from .base import AlertRule

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

_RULES: tuple[AlertRule, ...] = tuple(
    import_module(f"analytics.monitoring.alerts.rules.{file}").RULE for file in _FILES
)
REGISTRY = MappingProxyType({rule.key: rule for rule in _RULES})

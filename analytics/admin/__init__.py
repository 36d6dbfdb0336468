"""Admin pages of alerts, reports, backtests, jobs and notifications."""

from . import panels
from .alerts import alerts, rules
from .jobs import jobs
from .notifications import channels
from .reports import reports
from .research import runs

__all__ = ["alerts", "channels", "jobs", "panels", "reports", "rules", "runs"]

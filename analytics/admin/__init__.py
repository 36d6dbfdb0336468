"""The admin's pages of what the product does and finds by itself."""

from . import alerts, channels, jobs, reports, rules, runs

__all__ = ["alerts", "channels", "jobs", "reports", "rules", "runs"]

"""The admin's pages of what the product does and finds by itself."""

from . import alerts, beside, channels, jobs, reports, rules, runs

__all__ = ["alerts", "beside", "channels", "jobs", "reports", "rules", "runs"]

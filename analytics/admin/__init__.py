"""The admin's pages of what the product does and finds by itself."""

from . import alerts, jobs, rules

__all__ = ["alerts", "jobs", "rules"]

"""One file per alert rule; each declares ``ALARM``. The registry is ``analytics.monitoring.alerts``."""

"""Alerts and alert rules."""

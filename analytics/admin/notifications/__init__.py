"""Notification channels and the delivery log."""

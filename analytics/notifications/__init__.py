"""Notifications of alerts and reports, by e-mail or through chat and push services."""

from .delivery import deliver, send_again, send_test

__all__ = ["deliver", "send_again", "send_test"]

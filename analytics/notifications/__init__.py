"""Channels: how people are told of alerts, by mail or through the service that they read."""

from .delivery import deliver, send_again, send_test

__all__ = ["deliver", "send_again", "send_test"]

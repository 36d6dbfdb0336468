"""What must outlive a deploy of the bot, kept for it as it was sent."""

from __future__ import annotations

from django.db import models

from trading import clock

from .bots import Bot
from .fields import InstantField


class StateEntry(models.Model):
    """Any JSON that a bot keeps under a key of its own."""

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="state", db_index=False)
    key = models.CharField(max_length=64)
    value = models.JSONField()
    as_of = InstantField(help_text="The moment the value speaks of; older writes are refused")
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("bot", "key")
        verbose_name_plural = "state entries"
        constraints = (models.UniqueConstraint(fields=("bot", "key"), name="state_key_once"),)

    def __str__(self):
        return self.key


class SimulatedClock(models.Model):
    """Where the simulated clock stands; one row, and only under SIMULATION."""

    at = InstantField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="one_simulated_clock"),
        )

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M:%S}"

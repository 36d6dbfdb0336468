"""Bot state that must survive a restart of the bot, and the simulated clock."""

from __future__ import annotations

from django.db import models

from trading import clock

from .bots import Bot
from .fields import InstantField


class StateEntry(models.Model):
    """JSON that a bot stores under a key."""

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="state", db_index=False)
    key = models.CharField(max_length=64)
    value = models.JSONField()
    as_of = InstantField(help_text="Time of the value; older writes are rejected")
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("bot", "key")
        verbose_name_plural = "state entries"
        constraints = (models.UniqueConstraint(fields=("bot", "key"), name="state_key_once"),)

    def __str__(self) -> str:
        return self.key


class SimulatedClock(models.Model):
    """The time of the simulated clock; one row, used only under SIMULATION."""

    at = InstantField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="one_simulated_clock"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"

"""Sums of trades by day and hour, from which every window is computed."""

from __future__ import annotations

from django.db import models

from .bots import Market, Mode, StrategyInstance
from .parameters import ParameterSet


class Scope(models.Model):
    """The subject of aggregates: an instance, or one of its markets or parameter sets, for one
    mode and currency. A set scope without a set holds the trades of unknown sets."""

    class Kind(models.TextChoices):
        INSTANCE = "instance", "Instance"
        MARKET = "market", "Market of an instance"
        SET = "set", "Parameter set of an instance"

    kind = models.CharField(max_length=8, choices=Kind)
    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="scopes")
    market = models.ForeignKey(Market, models.CASCADE, null=True, related_name="+")
    parameter_set = models.ForeignKey(ParameterSet, models.CASCADE, null=True, related_name="+")
    mode = models.CharField(max_length=5, choices=Mode)
    currency = models.CharField(max_length=12)
    key = models.CharField(max_length=80, help_text="Unique key made of the fields above")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key",), name="scope_once"),)

    def __str__(self) -> str:
        return self.key


class RollupDay(models.Model):
    """The tally of a scope's day, and of every hour of it with trades.

    ``tally`` is one record and ``hours`` one record an hour, of ``trading.ledger.tally.TALLY``.
    """

    scope = models.ForeignKey(Scope, models.CASCADE, related_name="days", db_index=False)
    day = models.IntegerField(help_text="Days since 1970, UTC")
    tally = models.BinaryField()
    hours = models.BinaryField()

    class Meta:
        verbose_name = "daily aggregate"
        constraints = (models.UniqueConstraint(fields=("scope", "day"), name="rollup_once"),)

    def __str__(self) -> str:
        return f"{self.scope_id} day {self.day}"

"""Results of trades by day: the input of all statistical evidence."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from trading import clock


class Source(models.TextChoices):
    LIVE = "live", "Live"
    PAPER = "paper", "Paper"
    SHADOW = "shadow", "Shadow replay"


class ArmDay(models.Model):
    """Results of one parameter set (an arm) on one day, in the unit u; see docs/alerts.md.

    Live and paper days are derived from trades and recomputed when these change. Rows without a
    set hold the trades whose set is unknown. Trades without a scale (the first 20, where no stop
    is known) are not counted.
    """

    instance = models.ForeignKey("trading.StrategyInstance", models.CASCADE, related_name="+")
    parameter_set = models.ForeignKey(
        "trading.ParameterSet", models.CASCADE, null=True, related_name="+"
    )
    source = models.CharField(max_length=6, choices=Source)
    day = models.IntegerField(help_text="Days since 1970, UTC")
    n = models.IntegerField(help_text="Trades")
    sum_u = models.FloatField()
    sum_u2 = models.FloatField()

    class Meta:
        ordering = ("instance", "source", "day")
        constraints = (
            # Also the index for reading the days of an instance.
            models.UniqueConstraint(
                fields=("instance", "source", "day", "parameter_set"), name="arm_day_once"
            ),
            models.UniqueConstraint(
                fields=("instance", "source", "day"),
                condition=Q(parameter_set=None),
                name="unknown_arm_day_once",
            ),
            models.CheckConstraint(condition=Q(n__gt=0), name="arm_day_has_trades"),
        )

    def __str__(self) -> str:
        return f"{self.instance_id}/{self.parameter_set_id} {self.source} day {self.day}"


class TradeDay(models.Model):
    """A complete day of an instance's trades, from which its arm days were built.

    ``basis``: a fingerprint of the day's sums, which shows whether trades changed since.
    """

    instance = models.ForeignKey("trading.StrategyInstance", models.CASCADE, related_name="+")
    mode = models.CharField(max_length=5)
    day = models.IntegerField(help_text="Days since 1970, UTC")
    trades = models.IntegerField()
    reasons = models.JSONField(default=dict, help_text="Exit reason -> trades")
    fees_pct = models.FloatField(help_text="Percent of the entry notional, summed where known")
    fees_known = models.IntegerField()
    after_loss = models.IntegerField(help_text="Trades that followed a loss")
    lost_again = models.IntegerField(help_text="Losses that followed a loss")
    longest_streak = models.IntegerField(help_text="Most consecutive losses so far")
    ends_in_streak = models.IntegerField(help_text="Consecutive losses at the end of the day")
    basis = models.CharField(max_length=32)

    class Meta:
        ordering = ("instance", "mode", "day")
        constraints = (
            models.UniqueConstraint(fields=("instance", "mode", "day"), name="trade_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.instance_id} {self.mode} day {self.day}"


class Progress(models.Model):
    """How far monitoring has read the trades of a bot.

    ``revision`` and ``corrected_at``: the last trade revision read. ``day`` and ``days``: when
    whole days were last checked, and the number of days with trades before it.
    """

    bot = models.OneToOneField("trading.Bot", models.CASCADE, related_name="+", primary_key=True)
    revision = models.BigIntegerField(default=0)
    corrected_at = models.DateTimeField(default=clock.now)
    day = models.IntegerField(null=True, help_text="Days since 1970, UTC")
    days = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.bot_id} day {self.day}"

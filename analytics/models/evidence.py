"""What trades say, day by day: the only input of evidence, and what else a day was."""

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

    Live and paper days follow from the trades and are computed anew where these change. An arm
    without a set gathers the trades whose set is unknown. Trades without a scale (the first 20,
    where no stop is known) are not counted.
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
            # Also the index by which an instance's days are read.
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

    def __str__(self):
        return f"{self.instance_id}/{self.parameter_set_id} {self.source} day {self.day}"


class TradeDay(models.Model):
    """A complete day of an instance's trades, whose arm days are built.

    ``basis`` tells whether the trades have changed since: a fingerprint of the day's sums.
    """

    instance = models.ForeignKey("trading.StrategyInstance", models.CASCADE, related_name="+")
    mode = models.CharField(max_length=5)
    day = models.IntegerField(help_text="Days since 1970, UTC")
    trades = models.IntegerField()
    reasons = models.JSONField(default=dict, help_text="Exit reason -> trades")
    fees_pct = models.FloatField(help_text="Of the entry notional, summed where known")
    fees_known = models.IntegerField()
    after_loss = models.IntegerField(help_text="Trades that followed a losing one")
    lost_again = models.IntegerField(help_text="Those of them that lost too")
    longest_streak = models.IntegerField(help_text="Losses in a row, up to the end of the day")
    ends_in_streak = models.IntegerField(help_text="Losses in a row at its end")
    basis = models.CharField(max_length=32)

    class Meta:
        ordering = ("instance", "mode", "day")
        constraints = (
            models.UniqueConstraint(fields=("instance", "mode", "day"), name="trade_day_once"),
        )

    def __str__(self):
        return f"{self.instance_id} {self.mode} day {self.day}"


class Progress(models.Model):
    """How far the watch has come with a bot: up to which correction of its trades, and on which
    day, with how many days of trades before it, it last looked at whole days."""

    bot = models.OneToOneField("trading.Bot", models.CASCADE, related_name="+", primary_key=True)
    revision = models.BigIntegerField(default=0)
    corrected_at = models.DateTimeField(default=clock.now)
    day = models.IntegerField(null=True, help_text="Days since 1970, UTC")
    days = models.IntegerField(default=0)

    def __str__(self):
        return f"{self.bot_id} day {self.day}"

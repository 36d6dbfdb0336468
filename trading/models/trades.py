"""Closed trades with their context and revisions, and open positions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from trading import clock

from .bots import Book, Bot, Market, StrategyInstance
from .fields import AmountField, InstantField
from .parameters import ParameterSet


class Side(models.TextChoices):
    LONG = "long", "Long"
    SHORT = "short", "Short"


class Trade(models.Model):
    """A closed trade, once per bot and id.

    ``pnl_pct`` is in percent of the entry notional and ``pnl`` is money, both net of fees.
    ``parameter_set`` is the set that made the trade: the version the bot reported, else the one
    that was live at its entry; empty means unknown.
    """

    # PostgreSQL checks every reference of every new trade, which took a fifth of the time. The
    # book's is enough: bots and sets go only with their books, under the lock that writers hold.
    bot = models.ForeignKey(
        Bot, models.CASCADE, related_name="trades", db_index=False, db_constraint=False
    )
    book = models.ForeignKey(Book, models.CASCADE, related_name="trades", db_index=False)
    parameter_set = models.ForeignKey(
        ParameterSet,
        models.SET_NULL,
        null=True,
        related_name="trades",
        db_index=False,
        db_constraint=False,
    )
    external_id = models.CharField("id", max_length=64, help_text="The bot's own id of the trade")
    side = models.CharField(max_length=5, choices=Side)
    entry_price = AmountField()
    exit_price = AmountField()
    size = AmountField(help_text="In base units")
    stop_loss = AmountField(null=True, help_text="The initial stop, which defines the risk (R)")
    leverage = models.FloatField(null=True)
    entry_at = InstantField()
    exit_at = InstantField()
    exit_reason = models.CharField(max_length=40)
    pnl_pct = models.FloatField("PnL %", help_text="Percent of the entry notional, net of fees")
    pnl = AmountField("PnL", help_text="In the currency of the book, net of fees")
    fee = AmountField(null=True)
    reported_version = models.BigIntegerField(
        null=True, help_text="Parameter version reported by the bot"
    )
    arm = models.CharField(max_length=64, blank=True)
    tag = models.CharField(max_length=500, blank=True)
    flagged = models.BooleanField(
        default=False, help_text="The reported PnL differs from the prices by more than the fees"
    )
    revision = models.BigIntegerField(default=0)
    digest = models.BigIntegerField(help_text="Hash of the content, to detect repeats")
    stored_at = InstantField(help_text="When this row was first stored")

    class Meta:
        ordering = ("-exit_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("bot", "external_id"), name="trade_once_per_bot"),
            models.CheckConstraint(
                condition=Q(exit_at__gte=F("entry_at")), name="trade_exit_after_entry"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="trade_size_positive"),
        )
        indexes = (
            # Windows and lists of an instance, market or mode: a few books, newest first.
            models.Index(fields=("book", "exit_at"), name="trade_by_book"),
            # The same for one exit reason, which may be rare.
            models.Index(fields=("book", "exit_reason", "exit_at"), name="trade_by_reason"),
            # The unfiltered list and the neighbours of a trade in time.
            models.Index(fields=("exit_at",), name="trade_by_exit"),
            # The trades of one parameter set.
            models.Index(fields=("parameter_set", "exit_at"), name="trade_by_set"),
            # The few that need a look.
            models.Index(fields=("exit_at",), name="trade_flagged", condition=Q(flagged=True)),
        )

    def __str__(self) -> str:
        return f"{self.external_id}"


class Trend(models.TextChoices):
    UP = "up", "Up"
    DOWN = "down", "Down"
    SIDEWAYS = "sideways", "Sideways"


class VolatilityTrend(models.TextChoices):
    INCREASING = "increasing", "Increasing"
    DECREASING = "decreasing", "Decreasing"
    STABLE = "stable", "Stable"


class TradeContext(models.Model):
    """The market at entry and the course of the trade: common columns, the features that the
    strategy declares, and everything else the bot sent."""

    # Written and deleted with its trade, in one transaction under the bot's lock.
    trade = models.OneToOneField(
        Trade, models.CASCADE, primary_key=True, related_name="context", db_constraint=False
    )
    volatility_bps = models.FloatField(null=True)
    price_trend = models.CharField(max_length=8, choices=Trend, blank=True)
    volatility_trend = models.CharField(max_length=10, choices=VolatilityTrend, blank=True)
    entry_hour = models.SmallIntegerField(null=True, help_text="0-23, UTC")
    entry_day_of_week = models.SmallIntegerField(null=True, help_text="Monday 0, UTC")
    signal_strength = models.FloatField(null=True, help_text="0-1")
    mfe_pct = models.FloatField(
        "MFE %", null=True, help_text="Maximum favourable excursion, percent"
    )
    mae_pct = models.FloatField("MAE %", null=True, help_text="Maximum adverse excursion, percent")
    time_to_mfe_seconds = models.FloatField(null=True)
    hold_time_seconds = models.FloatField(null=True)
    reached_tp = models.BooleanField(null=True)
    reached_sl = models.BooleanField(null=True)
    features = models.JSONField(default=dict, help_text="Features declared by the strategy")
    other = models.JSONField(default=dict, help_text="Other fields sent by the bot")

    class Meta:
        verbose_name = "trade context"

    def __str__(self) -> str:
        return f"Context of {self.trade_id}"


class TradeRevision(models.Model):
    """The content of a trade before a correction replaced it."""

    trade = models.ForeignKey(Trade, models.CASCADE, related_name="revisions")
    revision = models.BigIntegerField(help_text="The revision that was replaced")
    content = models.JSONField()
    replaced_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("trade", "revision")
        constraints = (
            models.UniqueConstraint(fields=("trade", "revision"), name="revision_once_per_trade"),
        )

    def __str__(self) -> str:
        return f"Revision {self.revision} of {self.trade_id}"


class Position(models.Model):
    """An open position as last reported by its bot."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="positions")
    market = models.ForeignKey(Market, models.PROTECT, related_name="positions")
    side = models.CharField(max_length=5, choices=Side)
    entry_price = AmountField()
    size = AmountField(help_text="In base units")
    stop_loss = AmountField(null=True)
    take_profit = AmountField(null=True)
    entry_at = InstantField()
    as_of = InstantField(help_text="Time of the report; older reports are rejected")
    order_id = models.CharField(max_length=64, blank=True)
    initial_size = AmountField(null=True)
    scaled_entries = models.JSONField(default=list)
    extra = models.JSONField(default=dict)

    class Meta:
        ordering = ("instance", "market")
        constraints = (
            models.UniqueConstraint(fields=("instance", "market"), name="position_once_per_market"),
            models.CheckConstraint(condition=Q(size__gt=0), name="position_size_positive"),
        )

    def __str__(self) -> str:
        return f"{self.side} {self.market} ({self.instance})"


class ClosedPosition(models.Model):
    """When a bot last reported that it holds no position in a market. An older report that arrives
    late must not reopen the position."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="+")
    market = models.ForeignKey(Market, models.PROTECT, related_name="+")
    as_of = InstantField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("instance", "market"), name="closed_once_per_market"),
        )

    def __str__(self) -> str:
        return f"{self.market} ({self.instance}) closed at {self.as_of}"

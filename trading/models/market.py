"""Candles in binary column blocks, Renko bricks, and signal funnel counts."""

from __future__ import annotations

from typing import Self

from django.db import models

from .bots import Bot, Market, StrategyInstance
from .fields import InstantField


class CandleSeriesQuerySet(models.QuerySet["CandleSeries"]):
    def visible_to(self, bot: Bot | None) -> Self:
        """The shared series, and those of the bot."""
        shared = models.Q(bot=None)
        return self.filter(shared if bot is None else shared | models.Q(bot=bot))

    def stored(self) -> Self:
        """Series that hold candles."""
        return self.filter(candles__gt=0)


class CandleSeries(models.Model):
    """Candles of one market and interval, of one bot or (``bot`` empty) shared by all.

    Every write updates the counts, so that lists read no blocks.
    """

    bot = models.ForeignKey(
        Bot, models.CASCADE, null=True, blank=True, related_name="candle_series"
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="candle_series")
    interval = models.PositiveIntegerField(help_text="Seconds")
    candles = models.BigIntegerField(default=0)
    first_at = InstantField(null=True)
    last_at = InstantField(null=True)
    gaps = models.IntegerField(default=0, help_text="Number of gaps")
    missing = models.BigIntegerField(default=0, help_text="Number of missing candles")

    objects = CandleSeriesQuerySet.as_manager()

    class Meta:
        ordering = ("market", "interval", "bot")
        verbose_name_plural = "candle series"
        constraints = (
            models.UniqueConstraint(
                fields=("bot", "market", "interval"), name="series_once_per_bot"
            ),
            models.UniqueConstraint(
                fields=("market", "interval"),
                condition=models.Q(bot__isnull=True),
                name="shared_series_once",
            ),
            models.CheckConstraint(
                condition=models.Q(interval__gte=1), name="series_interval_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.market} {self.interval} s"


class CandleBlock(models.Model):
    """Part of a series as one binary value. Columns of 8 bytes, little-endian, in this order:
    open_time (int64, seconds), open, high, low, close, volume (float64)."""

    series = models.ForeignKey(CandleSeries, models.CASCADE, related_name="blocks", db_index=False)
    start = models.BigIntegerField(help_text="Epoch seconds, a multiple of the block's length")
    candles = models.IntegerField()
    first = models.BigIntegerField(help_text="Open time of the first candle, epoch seconds")
    last = models.BigIntegerField(help_text="Open time of the last candle, epoch seconds")
    gaps = models.IntegerField(default=0)
    columns = models.BinaryField()
    as_of = models.BinaryField(null=True, help_text="float64 per candle, if the bot reports it")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("series", "start"), name="block_once_per_series"),
        )

    def __str__(self) -> str:
        return f"{self.series_id} from {self.start}"


class RenkoBrickQuerySet(models.QuerySet["RenkoBrick"]):
    def newest(self, limit: int) -> list[RenkoBrick]:
        """The newest bricks of one series, ascending."""
        return list(self.order_by("-sequence")[:limit])[::-1]


class RenkoBrick(models.Model):
    """A Renko brick as reported by its bot."""

    class Direction(models.IntegerChoices):
        UP = 1, "Up"
        DOWN = -1, "Down"

    instance = models.ForeignKey(
        StrategyInstance, models.CASCADE, related_name="bricks", db_index=False
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="+")
    sequence = models.BigIntegerField()
    open_at = InstantField()
    close_at = InstantField()
    open = models.FloatField()
    close = models.FloatField()
    direction = models.SmallIntegerField(choices=Direction)
    high = models.FloatField()
    low = models.FloatField()
    size = models.FloatField()

    objects = RenkoBrickQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "market", "sequence"), name="brick_once_per_sequence"
            ),
        )

    def __str__(self) -> str:
        return f"Brick {self.sequence}"


class EvaluationCount(models.Model):
    """Signal funnel of a period: evaluations, signals, and how many each filter blocked."""

    instance = models.ForeignKey(
        StrategyInstance, models.CASCADE, related_name="evaluations", db_index=False
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="+")
    from_at = InstantField()
    to_at = InstantField()
    evaluations = models.BigIntegerField()
    signals = models.BigIntegerField()
    blocked = models.JSONField(default=dict, help_text="Number of blocked signals by filter")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "market", "from_at"), name="evaluations_once"
            ),
            models.CheckConstraint(
                condition=models.Q(to_at__gt=models.F("from_at")), name="evaluations_ordered"
            ),
        )

    def __str__(self) -> str:
        return f"{self.evaluations} evaluations"

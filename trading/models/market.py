"""What the market did: candles in binary column blocks, Renko bricks, and the funnel's counts."""

from __future__ import annotations

from django.db import models

from .bots import Bot, Market, StrategyInstance
from .fields import InstantField


class CandleSeries(models.Model):
    """Candles of one market and interval; they belong to a bot, or to all where it is empty.

    The counts below are kept by every write, so that lists need not open a block.
    """

    bot = models.ForeignKey(
        Bot, models.CASCADE, null=True, blank=True, related_name="candle_series"
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="candle_series")
    interval = models.PositiveIntegerField(help_text="Seconds")
    candles = models.BigIntegerField(default=0)
    first_at = InstantField(null=True)
    last_at = InstantField(null=True)
    gaps = models.IntegerField(default=0, help_text="Places where candles are missing")
    missing = models.BigIntegerField(default=0, help_text="Candles that are missing")

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

    def __str__(self):
        return f"{self.market} {self.interval} s"


class CandleBlock(models.Model):
    """A stretch of a series as one binary value: columns of 8 bytes, little-endian, one after
    the other: open_time (int64, seconds), open, high, low, close, volume (float64)."""

    series = models.ForeignKey(CandleSeries, models.CASCADE, related_name="blocks", db_index=False)
    start = models.BigIntegerField(help_text="Epoch seconds, a multiple of the block's length")
    candles = models.IntegerField()
    first = models.BigIntegerField(help_text="Open time of the first candle, epoch seconds")
    last = models.BigIntegerField(help_text="Open time of the last candle, epoch seconds")
    gaps = models.IntegerField(default=0)
    columns = models.BinaryField()
    as_of = models.BinaryField(null=True, help_text="float64 per candle, where bots state it")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("series", "start"), name="block_once_per_series"),
        )

    def __str__(self):
        return f"{self.series_id} from {self.start}"


class RenkoBrick(models.Model):
    """A Renko brick as its bot drew it."""

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

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "market", "sequence"), name="brick_once_per_sequence"
            ),
        )

    def __str__(self):
        return f"Brick {self.sequence}"


class EvaluationCount(models.Model):
    """How often a strategy looked, and which filter held it back, over one stretch of time."""

    instance = models.ForeignKey(
        StrategyInstance, models.CASCADE, related_name="evaluations", db_index=False
    )
    market = models.ForeignKey(Market, models.PROTECT, related_name="+")
    from_at = InstantField()
    to_at = InstantField()
    evaluations = models.BigIntegerField()
    signals = models.BigIntegerField()
    blocked = models.JSONField(default=dict, help_text="Filter -> how many it blocked")

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

    def __str__(self):
        return f"{self.evaluations} evaluations"

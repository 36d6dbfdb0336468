"""Backtests and other replays of stored candles, each with everything needed to repeat it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from trading import clock


class Run(models.Model):
    """One replay: its parameters, its candles, the version of the code, and its results.

    ``data_hash`` is the fingerprint of the bars that it read and ``code_version`` that of the
    strategy and the engine: with both unchanged, a repeat gives the same trades to the bit.
    """

    class Kind(models.TextChoices):
        BACKTEST = "backtest", "Backtest"
        WHATIF = "whatif", "What if"
        SENSITIVITY = "sensitivity", "Sensitivity"
        FIDELITY = "fidelity", "Backtest vs live"
        SHADOW = "shadow", "Counterfactual"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    ACTIVE = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.BACKTEST)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    bot = models.ForeignKey("trading.Bot", models.CASCADE, null=True, related_name="+")
    instance = models.ForeignKey(
        "trading.StrategyInstance", models.CASCADE, null=True, related_name="+"
    )
    parameter_set = models.ForeignKey(
        "trading.ParameterSet",
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Empty where the values are not those of a stored version",
    )
    beside = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The run of the live values that this one is compared with",
    )
    strategy = models.CharField(max_length=40)
    market = models.CharField(max_length=60)
    interval = models.PositiveIntegerField(help_text="Seconds of a bar")
    from_at = models.DateTimeField(null=True, help_text="First bar opens at or after this")
    to_at = models.DateTimeField(null=True, help_text="Last bar opens before this")
    values = models.JSONField(default=dict, help_text="All parameters")
    costs = models.JSONField(default=dict, help_text="Basis points, and their source")
    options = models.JSONField(default=dict, help_text="Assumptions about fills, and other options")
    data_hash = models.CharField(max_length=32, blank=True)
    code_version = models.CharField(max_length=32, blank=True)
    bars = models.BigIntegerField(default=0)
    progress = models.FloatField(default=0.0, help_text="0 to 1")
    error = models.CharField(max_length=500, blank=True)
    metrics = models.JSONField(null=True)
    funnel = models.JSONField(null=True)
    summary = models.JSONField(
        default=dict, help_text="Warm-up, gaps, costs, buy and hold, comparison"
    )
    label = models.CharField(max_length=80, blank=True)
    notes = models.TextField(blank=True, max_length=2000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = "backtest"
        indexes = (models.Index(fields=("bot", "-id"), name="run_newest_of_bot"),)
        constraints = (
            models.CheckConstraint(condition=models.Q(interval__gte=1), name="run_has_interval"),
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(metrics__isnull=False),
                name="run_done_has_metrics",
            ),
        )

    def __str__(self) -> str:
        return f"Backtest {self.pk}"

    @property
    def name(self) -> str:
        """Its label, or its strategy and market."""
        return self.label or f"{self.strategy} on {self.market}"


class RunTrades(models.Model):
    """The trades of a run; they are never stored as trades of a bot."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="stored")
    trades = models.BinaryField(help_text="Compressed JSON: columns by name")
    equity = models.BinaryField(
        help_text="float64: seconds since 1970, then cumulative PnL %, in two equal halves"
    )

    def __str__(self) -> str:
        return f"Trades of backtest {self.run_id}"

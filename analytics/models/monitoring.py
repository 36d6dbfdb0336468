"""What the watch saw: snapshots, the settings of alert rules, and the life of every alert."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading import clock


class Trend(models.TextChoices):
    IMPROVING = "improving", "Improving"
    FLAT = "flat", "Flat"
    DEGRADING = "degrading", "Degrading"
    UNKNOWN = "unknown", "Too little to tell"


class Snapshot(models.Model):
    """How a scope of trades did, as of one moment: strategy, market or parameter set, by mode.

    ``windows``: the metrics of 24h, 7d, 30d and all. ``comparison``: 24 h against the 7 days
    before and against the scope's own past, each with its interval. ``evidence``: what the trend
    rests on.
    """

    scope = models.ForeignKey("trading.Scope", models.CASCADE, related_name="+")
    instance = models.ForeignKey("trading.StrategyInstance", models.CASCADE, related_name="+")
    at = models.DateTimeField()
    windows = models.JSONField()
    comparison = models.JSONField(default=dict)
    trend = models.CharField(max_length=9, choices=Trend, default=Trend.UNKNOWN)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at",)
        constraints = (models.UniqueConstraint(fields=("scope", "at"), name="snapshot_once"),)
        indexes = (models.Index(fields=("instance", "at"), name="snapshot_by_instance"),)

    def __str__(self):
        return f"{self.scope_id} at {self.at:%Y-%m-%d %H:%M}"


class Severity(models.TextChoices):
    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class AlertRuleSetting(models.Model):
    """Settings of an alert rule for one strategy, for one bot, or (neither) for all.

    The most specific row wins; without one, the declared defaults apply.
    """

    kind = models.CharField(max_length=40)
    bot = models.ForeignKey("trading.Bot", models.CASCADE, null=True, blank=True, related_name="+")
    instance = models.ForeignKey(
        "trading.StrategyInstance",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="strategy",
    )
    enabled = models.BooleanField(default=True)
    severity = models.CharField(max_length=8, choices=Severity)
    parameters = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "alert rule"
        ordering = ("kind", "bot", "instance")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "instance"),
                condition=Q(instance__isnull=False),
                name="rule_once_per_strategy",
            ),
            models.UniqueConstraint(
                fields=("kind", "bot"),
                condition=Q(instance=None, bot__isnull=False),
                name="rule_once_per_bot",
            ),
            models.UniqueConstraint(
                fields=("kind",), condition=Q(instance=None, bot=None), name="rule_once_everywhere"
            ),
        )

    def __str__(self):
        return f"{self.kind} of {self.instance or self.bot or 'all'}"


class Alert(models.Model):
    """One thing that went wrong, once: it opens, worsens, is taken note of, ends, may return.

    ``key`` says what is watched and ``event`` which happening it is; together they are unique, so
    that one event never raises two alerts. It changes only through
    ``analytics.monitoring.alerts.lifecycle``.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        SNOOZED = "snoozed", "Snoozed"
        RESOLVED = "resolved", "Resolved"

    ACTIVE = (State.OPEN, State.ACKNOWLEDGED, State.SNOOZED)

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=160)
    event = models.CharField(max_length=120)
    bot = models.ForeignKey("trading.Bot", models.CASCADE, null=True, related_name="+")
    instance = models.ForeignKey(
        "trading.StrategyInstance",
        models.CASCADE,
        null=True,
        related_name="+",
        verbose_name="strategy",
    )
    mode = models.CharField(max_length=5, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    severity = models.CharField(max_length=8, choices=Severity)
    sentence = models.TextField(help_text="What happened, and how sure that is")
    advice = models.TextField(blank=True, help_text="What to do")
    evidence = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last found to hold")
    changed_at = models.DateTimeField(help_text="The newest event of its life")
    snoozed_until = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-opened_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("key", "event"), name="alert_once_per_event"),
        )
        indexes = (
            # The newest of what is watched; those that are not over; a list by time.
            models.Index(fields=("key", "opened_at"), name="alert_by_key"),
            models.Index(
                fields=("opened_at",), condition=~Q(state="resolved"), name="alert_active"
            ),
            models.Index(fields=("opened_at",), name="alert_by_time"),
        )

    def __str__(self):
        return self.sentence[:80]

    @property
    def active(self) -> bool:
        return self.state != self.State.RESOLVED


class AlertEvent(models.Model):
    """A step in an alert's life. Channels read these rows in the order of their keys."""

    class Type(models.TextChoices):
        OPENED = "opened", "Opened"
        ESCALATED = "escalated", "Became worse"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        SNOOZED = "snoozed", "Snoozed"
        ENDED = "ended", "Resolved by itself"
        RESOLVED = "resolved", "Resolved by hand"
        REOPENED = "reopened", "Came back"

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    type = models.CharField(max_length=12, choices=Type)
    at = models.DateTimeField(help_text="As of when")
    severity = models.CharField(max_length=8, choices=Severity)
    sentence = models.TextField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("alert", "at", "pk")

    def __str__(self):
        return f"{self.type} at {self.at:%Y-%m-%d %H:%M}"

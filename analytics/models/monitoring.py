"""Snapshots, settings of alert rules, and alerts with their events."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading import clock


class Trend(models.TextChoices):
    IMPROVING = "improving", "Improving"
    FLAT = "flat", "Flat"
    DEGRADING = "degrading", "Degrading"
    UNKNOWN = "unknown", "Not enough data"


class Snapshot(models.Model):
    """The performance of a strategy, market or parameter set (by mode) at one moment.

    ``windows``: the metrics of 24h, 7d, 30d and all. ``comparison``: 24 h compared with the 7 days
    before and with the scope's own past, each with its interval. ``evidence``: the figures behind
    ``trend``.
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

    def __str__(self) -> str:
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

    def __str__(self) -> str:
        return f"{self.kind} of {self.instance or self.bot or 'all'}"


class Alert(models.Model):
    """One occurrence of a problem that an alert rule detected.

    ``key`` is the rule and its subject, ``event`` the occurrence; together they are unique, so one
    occurrence never raises two alerts. Only ``analytics.monitoring.alerts.lifecycle`` changes it.
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
    seen_at = models.DateTimeField(help_text="When it was last detected")
    changed_at = models.DateTimeField(help_text="The time of its last event")
    snoozed_until = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-opened_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("key", "event"), name="alert_once_per_event"),
        )
        indexes = (
            # The newest alert of a key; active alerts; lists by time.
            models.Index(fields=("key", "opened_at"), name="alert_by_key"),
            models.Index(
                fields=("opened_at",), condition=~Q(state="resolved"), name="alert_active"
            ),
            models.Index(fields=("opened_at",), name="alert_by_time"),
        )

    def __str__(self) -> str:
        return self.sentence[:80]

    @property
    def active(self) -> bool:
        return self.state != self.State.RESOLVED


class AlertEvent(models.Model):
    """A change of an alert. Notification channels read these rows in the order of their keys."""

    class Type(models.TextChoices):
        OPENED = "opened", "Opened"
        ESCALATED = "escalated", "Got worse"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        SNOOZED = "snoozed", "Snoozed"
        ENDED = "ended", "Resolved automatically"
        RESOLVED = "resolved", "Resolved manually"
        REOPENED = "reopened", "Reopened"

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

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%d %H:%M}"

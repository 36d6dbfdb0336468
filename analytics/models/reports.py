"""Daily and weekly reports, and what they propose."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from trading import clock

from .notifications import Channel, Message


class Report(models.Model):
    """What was known of a bot at the end of a day or a week (UTC): data, rendered when it is read.

    ``data`` is what ``analytics.reports.build`` wrote as of ``as_of``; it does not change with what
    comes later. ``proposals`` are the recommendations of that moment, as they stood.
    """

    class Kind(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"

    bot = models.ForeignKey("trading.Bot", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.DAY)
    day = models.DateField(help_text="The day, or the last day of the week (UTC)")
    as_of = models.DateTimeField(help_text="Nothing later was looked at")
    complete = models.BooleanField(default=True, help_text="Its time was over when it was made")
    news = models.BooleanField(default=False, help_text="Something happened")
    data = models.JSONField()
    proposals = models.JSONField(default=list)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-day", "kind", "bot")
        constraints = (models.UniqueConstraint(fields=("bot", "kind", "day"), name="report_once"),)
        indexes = (models.Index(fields=("kind", "day"), name="report_by_day"),)

    def __str__(self):
        return f"{self.get_kind_display()} {self.day:%Y-%m-%d} of {self.bot}"


class Recommendation(models.Model):
    """Something to do, or not to do, with a strategy, and why.

    ``changes``: parameter -> [old, new], empty where no parameter is to change. ``key`` tells the
    same proposal of another day, so that it is made once. ``effect``: what is expected of the
    average trade, in percentage points, with bounds. It changes only through
    ``analytics.recommendations.stage``.
    """

    class Kind(models.TextChoices):
        PARAMETER = "parameter", "Change a parameter"
        ROLLBACK = "rollback", "Go back to earlier values"
        SETUP = "setup", "Leave out a setup"
        PAUSE = "pause", "Pause it"
        CHECK = "check", "Look at it"
        WAIT = "wait", "Wait"
        NOTHING = "nothing", "Change nothing"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"
        EXPIRED = "expired", "No longer proposed"

    class Confidence(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    bot = models.ForeignKey("trading.Bot", models.CASCADE, related_name="+")
    instance = models.ForeignKey(
        "trading.StrategyInstance", models.CASCADE, related_name="+", verbose_name="strategy"
    )
    mode = models.CharField(max_length=5)
    kind = models.CharField(max_length=9, choices=Kind)
    key = models.CharField(max_length=160)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    sentence = models.TextField(help_text="What to do")
    changes = models.JSONField(default=dict, blank=True)
    evidence = models.JSONField(default=list, help_text="Sentences, each with what it rests on")
    effect = models.JSONField(null=True, help_text="Of the average trade, percentage points")
    risk = models.TextField(blank=True)
    test = models.TextField(blank=True, help_text="What would show whether it is right")
    confidence = models.CharField(max_length=6, choices=Confidence, default=Confidence.LOW)
    rank = models.FloatField(default=0.0, help_text="The larger, the earlier it is shown")
    first_at = models.DateTimeField(help_text="First proposed as of then")
    last_at = models.DateTimeField(help_text="Last proposed as of then")
    times = models.PositiveIntegerField(default=1, help_text="Days on which it was proposed")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was so decided")

    class Meta:
        ordering = ("-last_at", "-rank", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "mode", "key"),
                condition=models.Q(state="open"),
                name="recommendation_open_once",
            ),
        )
        indexes = (
            # Of a strategy by key, with those that were decided; of a bot, the newest.
            models.Index(fields=("instance", "key"), name="recommendation_by_key"),
            models.Index(fields=("bot", "-id"), name="recommendation_newest"),
        )

    def __str__(self):
        return self.sentence[:80]

    @property
    def open(self) -> bool:
        return self.state == self.State.OPEN


class ReportNotice(models.Model):
    """That a channel has looked at a report: told in ``message``, or nothing worth telling."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="report_notices")
    report = models.ForeignKey(Report, models.CASCADE, related_name="notices")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="report_notices")
    noticed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("channel", "report"), name="report_told_once_per_channel"
            ),
        )

    def __str__(self):
        return f"{self.channel}: {self.report}"

"""Daily and weekly reports, and their recommendations."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from trading import clock

from .notifications import Channel, Message

STANDING_KEY = "no_change"  # of the one entry per strategy that proposes no change


def recommendation_kinds() -> list[tuple[str, str]]:
    """Choices of ``Recommendation.kind``: a callable, so that a new one needs no migration."""
    return Recommendation.Kind.choices


class Report(models.Model):
    """The state of a bot at the end of a day or a week (UTC).

    ``data`` is the JSON of ``analytics.reports.data.ReportData`` as of ``as_of``; it does not
    change with later data. ``recommendations`` are those of that moment, as they stood.
    """

    class Kind(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"

    bot = models.ForeignKey("trading.Bot", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.DAY)
    day = models.DateField(help_text="The day, or the last day of the week (UTC)")
    as_of = models.DateTimeField(help_text="End of the data")
    complete = models.BooleanField(default=True, help_text="The period was over")
    news = models.BooleanField(default=False, help_text="Worth a message")
    data = models.JSONField()
    recommendations = models.JSONField(default=list)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-day", "kind", "bot")
        constraints = (models.UniqueConstraint(fields=("bot", "kind", "day"), name="report_once"),)
        indexes = (models.Index(fields=("kind", "day"), name="report_by_day"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.day:%Y-%m-%d} of {self.bot}"


class Recommendation(models.Model):
    """A proposed action for a strategy, with its evidence.

    ``changes``: parameter -> [old, new], empty if no parameter changes. ``key`` identifies the
    same proposal on another day, so that one row is updated. ``effect`` is JSON of
    ``analytics.reports.data.Effect``. Rows change only through ``analytics.recommendations``.
    """

    class Kind(models.TextChoices):
        PARAMETER = "parameter", "Change a parameter"
        ROLLBACK = "rollback", "Roll back"
        SETUP = "setup", "Filter a setup"
        PAUSE = "pause", "Pause the strategy"
        CHECK = "check", "Check the bot"
        WAIT = "wait", "Wait for more trades"
        NOTHING = "nothing", "No change"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        STANDING = "standing", "No decision needed"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"
        EXPIRED = "expired", "No longer proposed"

    CURRENT = (State.OPEN, State.STANDING)

    class Confidence(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    bot = models.ForeignKey("trading.Bot", models.CASCADE, related_name="+")
    instance = models.ForeignKey(
        "trading.StrategyInstance", models.CASCADE, related_name="+", verbose_name="strategy"
    )
    mode = models.CharField(max_length=5)
    kind = models.CharField(max_length=16, choices=recommendation_kinds)
    key = models.CharField(max_length=160)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    sentence = models.TextField(help_text="Proposed action")
    changes = models.JSONField(default=dict, blank=True)
    evidence = models.JSONField(default=list, help_text="Sentences with links to their data")
    effect = models.JSONField(null=True, help_text="Average PnL per trade, percentage points")
    risk = models.TextField(blank=True)
    test = models.TextField("how to verify", blank=True)
    confidence = models.CharField(max_length=6, choices=Confidence, default=Confidence.LOW)
    rank = models.FloatField(default=0.0, help_text="Higher ranks are shown first")
    first_at = models.DateTimeField(help_text="End of the first report that proposes it")
    last_at = models.DateTimeField(help_text="End of the latest report that proposes it")
    times = models.PositiveIntegerField(
        "days seen", default=1, help_text="Days on which it was proposed"
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, help_text="Reason of the decision")

    class Meta:
        ordering = ("-last_at", "-rank", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "mode", "key"),
                condition=models.Q(state__in=("open", "standing")),
                name="recommendation_current_once",
            ),
        )
        indexes = (
            # By strategy and key, decided ones included; the newest of a bot.
            models.Index(fields=("instance", "key"), name="recommendation_by_key"),
            models.Index(fields=("bot", "-id"), name="recommendation_newest"),
        )

    def __str__(self) -> str:
        return self.sentence[:80]

    @property
    def open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def standing(self) -> bool:
        """Whether it says that nothing is to be decided."""
        return self.key == STANDING_KEY


class ReportNotice(models.Model):
    """A channel has handled a report: sent it in ``message``, or (None) skipped it."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="report_notices")
    report = models.ForeignKey(Report, models.CASCADE, related_name="notices")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="report_notices")
    noticed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("channel", "report"), name="report_sent_once_per_channel"
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel}: {self.report}"

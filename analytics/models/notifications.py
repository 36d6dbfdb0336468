"""Where alerts are told: channels, what each has to tell, and the messages that told it."""

from __future__ import annotations

import uuid

from django.db import models

from trading import clock

from .monitoring import AlertEvent, Severity


class Channel(models.Model):
    """A place where people are told: which alerts, when, and how many in one message."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PUSH = "push", "Telegram, Discord, Slack, ntfy, webhook ..."

    class Reports(models.TextChoices):
        NONE = "", "No"
        DAILY = "daily", "Each day"
        WEEKLY = "weekly", "Each week"
        BOTH = "both", "Each day and each week"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.EMAIL)
    # What it holds for a push service is a secret; it is shown shortened, and never logged.
    address = models.TextField(blank=True)
    environment = models.CharField(max_length=16, blank=True, editable=False)
    bots = models.ManyToManyField("trading.Bot", blank=True, related_name="+")
    least = models.CharField(
        "from severity", max_length=8, choices=Severity, default=Severity.WARNING
    )
    tell_end = models.BooleanField("also when it is over", default=True)
    gather_minutes = models.PositiveSmallIntegerField("gather for", default=2)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    zone = models.CharField("time zone", max_length=64, default="UTC")
    critical_at_once = models.BooleanField("critical at once", default=True)
    reports = models.CharField(
        "daily report", max_length=6, choices=Reports, default=Reports.NONE, blank=True
    )
    report_hour = models.PositiveSmallIntegerField("report from hour", default=7)
    report_news_only = models.BooleanField("report only if something happened", default=False)
    enabled = models.BooleanField(default=True)
    since = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self):
        return self.name


class Message(models.Model):
    """What a channel was told, or is about to be: kept until it is delivered, then as a record."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Given up"

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="messages")
    # The same for every try, so that a repeat after a crash can be told by its Message-ID.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(default=clock.now)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(
                fields=("next_at",),
                name="message_due",
                condition=models.Q(state__in=("waiting", "sending")),
            ),
        )

    def __str__(self):
        return self.subject


class Notice(models.Model):
    """That a channel has looked at an event: it waits, was told in ``message``, or is not told."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="notices")
    event = models.ForeignKey(AlertEvent, models.CASCADE, related_name="notices")
    wanted = models.BooleanField()
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="notices")
    noticed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("channel", "event"), name="notice_once_per_channel"),
        )
        indexes = (
            models.Index(
                fields=("channel",),
                name="notice_waiting",
                condition=models.Q(wanted=True, message=None),
            ),
        )

    def __str__(self):
        return f"{self.channel}: {self.event}"

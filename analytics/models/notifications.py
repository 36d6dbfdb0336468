"""Notification channels, the events each has to report, and the messages sent."""

from __future__ import annotations

import uuid

from django.db import models

from trading import clock

from .monitoring import AlertEvent, Severity


class Channel(models.Model):
    """Where notifications go, which events it gets, and when.

    ``kind`` is a key of ``analytics.notifications.channels.REGISTRY``; a column without choices,
    so that a new type needs no migration.
    """

    class Reports(models.TextChoices):
        NONE = "", "No"
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"
        BOTH = "both", "Daily and weekly"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, default="email")
    # A secret for most kinds: shown shortened, never logged.
    address = models.TextField(blank=True)
    environment = models.CharField(max_length=16, blank=True, editable=False)
    bots = models.ManyToManyField("trading.Bot", blank=True, related_name="+")
    minimum_severity = models.CharField(max_length=8, choices=Severity, default=Severity.WARNING)
    notify_on_resolve = models.BooleanField("notify on resolve", default=True)
    group_minutes = models.PositiveSmallIntegerField("group within (min)", default=2)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    zone = models.CharField("time zone", max_length=64, default="UTC")
    critical_immediately = models.BooleanField("send critical immediately", default=True)
    reports = models.CharField(
        "reports", max_length=6, choices=Reports, default=Reports.NONE, blank=True
    )
    report_hour = models.PositiveSmallIntegerField("report hour", default=7)
    report_news_only = models.BooleanField("skip quiet days", default=False)
    enabled = models.BooleanField(default=True)
    since = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = "notification channel"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """A message of a channel: kept until it is delivered, then as the delivery log."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Failed"

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="messages")
    # The same for every attempt, so that a repeat after a crash has the same Message-ID.
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

    def __str__(self) -> str:
        return self.subject


class Notice(models.Model):
    """An event as one channel handles it: waiting, sent in ``message``, or not ``wanted``."""

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

    def __str__(self) -> str:
        return f"{self.channel}: {self.event}"

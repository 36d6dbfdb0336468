"""Scheduled jobs: their ledger of runs, and the worker processes that do them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading import clock


class JobLine(models.Model):
    """The progress of one job of the timetable. ``last_due`` moves by compare-and-set, so that one
    of several processes queues a moment."""

    name = models.CharField(max_length=40, primary_key=True)
    since = models.DateTimeField(default=clock.now, help_text="Earlier moments never run")
    last_due = models.DateTimeField(help_text="The newest moment that was queued or skipped")
    ok_runs = models.PositiveBigIntegerField(default=0)
    failed_runs = models.PositiveBigIntegerField(default=0)
    dead_runs = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0, help_text="Total of all runs")

    class Meta:
        ordering = ("name",)
        verbose_name = "job"

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """One run of a job for one moment: decides whether it may start again."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        OK = "ok", "OK"
        FAILED = "failed", "Failed"
        DEAD = "dead", "Given up"

    ACTIVE = (State.QUEUED, State.RUNNING)

    job = models.CharField(max_length=40)
    key = models.CharField(max_length=80, blank=True, help_text="Distinguishes requested runs")
    due = models.DateTimeField(help_text="Scheduled for (as_of)")
    arguments = models.JSONField(default=dict, blank=True)
    queue = models.CharField(max_length=16)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Starts, without those that another process's end interrupted"
    )
    owner = models.CharField(max_length=40, blank=True, help_text="The worker group that runs it")
    pid = models.PositiveIntegerField(null=True)
    queued_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    error = models.CharField(max_length=500, blank=True)
    summary = models.JSONField(null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-due", "-pk")
        verbose_name = "job run"
        verbose_name_plural = "job runs"
        constraints = (
            # Also the index of a job's newest runs.
            models.UniqueConstraint(fields=("job", "key", "due"), name="job_run_once_per_moment"),
            models.UniqueConstraint(
                fields=("job", "key"),
                condition=Q(state__in=("queued", "running")),
                name="job_never_beside_itself",
            ),
        )

    def __str__(self) -> str:
        return f"{self.job} for {self.due:%Y-%m-%d %H:%M:%S}"


class WorkerBeat(models.Model):
    """The last heartbeat of a process group that works on one queue, by its machine's clock."""

    owner = models.CharField(max_length=40, primary_key=True)
    queue = models.CharField(max_length=16)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    restarts = models.PositiveIntegerField(help_text="Of this queue, since the worker started")

    class Meta:
        ordering = ("queue", "-beat_at")

    def __str__(self) -> str:
        return f"{self.queue} on {self.host}"

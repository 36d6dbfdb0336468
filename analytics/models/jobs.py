"""The work that runs by itself: where each job stands, its runs, and who does them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from trading import clock


class JobLine(models.Model):
    """Where a line of the timetable stands. ``last_due`` moves by compare-and-set, so that of
    several processes one queues a moment; the counters only grow, but for a new installation."""

    name = models.CharField(max_length=40, primary_key=True)
    since = models.DateTimeField(default=clock.now, help_text="What fell due earlier never runs")
    last_due = models.DateTimeField(help_text="The newest moment that was queued, or passed over")
    ok_runs = models.PositiveBigIntegerField(default=0)
    failed_runs = models.PositiveBigIntegerField(default=0)
    dead_runs = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0, help_text="Of all runs together")

    class Meta:
        ordering = ("name",)
        verbose_name = "job"

    def __str__(self):
        return self.name


class JobRun(models.Model):
    """One run of a job for one moment: the ledger that decides whether it may start (again)."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        OK = "ok", "OK"
        FAILED = "failed", "Failed"
        DEAD = "dead", "Given up"

    ACTIVE = (State.QUEUED, State.RUNNING)

    job = models.CharField(max_length=40)
    key = models.CharField(max_length=80, blank=True, help_text="Tells apart runs on request")
    due = models.DateTimeField(help_text="The moment it runs for: as_of")
    arguments = models.JSONField(default=dict, blank=True)
    queue = models.CharField(max_length=16)
    message = models.BigIntegerField(null=True, help_text="Its row in the queue")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Starts, but for those that ended through no fault of its own"
    )
    owner = models.CharField(max_length=40, blank=True, help_text="The worker that started it")
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
        verbose_name = "run of a job"
        verbose_name_plural = "runs of jobs"
        constraints = (
            # Also the index of a job's newest runs.
            models.UniqueConstraint(fields=("job", "key", "due"), name="job_run_once_per_moment"),
            models.UniqueConstraint(
                fields=("job", "key"),
                condition=Q(state__in=("queued", "running")),
                name="job_never_beside_itself",
            ),
        )

    def __str__(self):
        return f"{self.job} for {self.due:%Y-%m-%d %H:%M:%S}"


class WorkerBeat(models.Model):
    """A sign of life of the processes that work on one queue, in time of their machine."""

    owner = models.CharField(max_length=40, primary_key=True)
    queue = models.CharField(max_length=16)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    restarts = models.PositiveIntegerField(help_text="Since its supervisor started")

    class Meta:
        ordering = ("queue", "-beat_at")

    def __str__(self):
        return f"{self.queue} on {self.host}"


class Effect(models.Model):
    """That something was done, once; see ``analytics.jobs.once``."""

    key = models.CharField(max_length=200, primary_key=True)
    at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self):
        return self.key

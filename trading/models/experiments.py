"""Experiments: parameter sets compared on real trades, and the log of what was served."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from trading import clock

from .bots import StrategyInstance
from .fields import InstantField
from .parameters import ParameterSet


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def of(self, instance: StrategyInstance) -> Self:
        return self.filter(instance=instance)

    def active(self) -> Self:
        return self.filter(status=Experiment.Status.ACTIVE)

    def started(self) -> Self:
        return self.filter(started_at__isnull=False)


class Experiment(models.Model):
    """Parameter sets of one strategy, compared while it trades. The design is fixed at the start;
    rows change only through ``trading.experiments.lifecycle``.

    A/B: arms alternate in blocks of time. Before/after: the candidate is served from the start and
    compared with the trades that the live set made before.
    """

    class Design(models.TextChoices):
        AB = "ab", "A/B: arms alternate"
        BEFORE_AFTER = "before_after", "Before and after: one switch"

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        ACTIVE = "active", "Active"
        COMPLETED = "completed", "Completed"
        STOPPED = "stopped", "Stopped early"

    class Decision(models.TextChoices):
        NONE = "", "Open"
        PROMOTED = "promoted", "An arm went live"
        KEPT = "kept", "The control was kept"

    instance = models.ForeignKey(
        StrategyInstance, models.CASCADE, related_name="experiments", verbose_name="strategy"
    )
    name = models.CharField(max_length=64)
    design = models.CharField(max_length=12, choices=Design, default=Design.AB)
    status = models.CharField(max_length=9, choices=Status, default=Status.PLANNED)
    reason = models.CharField(max_length=500, help_text="Hypothesis")
    notes = models.TextField(blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_by = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    seed = models.BigIntegerField(help_text="Seed of the random order of arms")
    block_seconds = models.PositiveIntegerField(
        "block length", validators=[MinValueValidator(60), MaxValueValidator(7 * 86_400)]
    )
    before_days = models.PositiveSmallIntegerField(default=30)

    max_trades = models.PositiveIntegerField(null=True, blank=True)
    max_days = models.FloatField(null=True, blank=True)
    max_drawdown_pct = models.FloatField(null=True, blank=True)
    max_loss_pct = models.FloatField(null=True, blank=True)

    started_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    decision = models.CharField(max_length=8, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True)
    promoted = models.ForeignKey(
        ParameterSet,
        models.SET_NULL,
        null=True,
        related_name="promoted_by",
        help_text="The version that went live at the end",
    )

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("instance", "name"), name="experiment_name_once"),
            models.UniqueConstraint(
                fields=("instance",), condition=Q(status="active"), name="one_experiment_at_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="experiment_ends_after_start",
            ),
        )
        indexes = (
            # Which arm a trade without a version was made with.
            models.Index(fields=("instance", "started_at"), name="experiment_by_start"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def over(self) -> bool:
        return self.status in (self.Status.COMPLETED, self.Status.STOPPED)

    @property
    def by(self) -> str:
        return self.author.get_username() if self.author else self.made_by


class ExperimentArm(models.Model):
    """A compared parameter set. The control has the values that were live at the start."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="arms")
    place = models.PositiveSmallIntegerField(help_text="Order of the arms; the control is 0")
    name = models.CharField(max_length=64)
    share = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    values = models.JSONField(help_text="All parameters")
    parameter_set = models.ForeignKey(
        ParameterSet,
        models.CASCADE,
        null=True,
        related_name="arms",
        help_text="The served version, created at the start",
    )

    class Meta:
        ordering = ("experiment", "place")
        constraints = (
            models.UniqueConstraint(fields=("experiment", "place"), name="arm_place_once"),
            models.UniqueConstraint(fields=("experiment", "name"), name="arm_name_once"),
            models.CheckConstraint(condition=Q(share__gte=1), name="arm_share_positive"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def control(self) -> bool:
        return self.place == 0


class ArmBlock(models.Model):
    """A block of time whose arm was served: the assignment log."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()
    arm = models.ForeignKey(ExperimentArm, models.CASCADE, related_name="+")
    starts_at = InstantField()
    ends_at = InstantField(null=True)
    served_at = InstantField(help_text="When the bot first asked within the block")

    class Meta:
        ordering = ("experiment", "number")
        constraints = (
            models.UniqueConstraint(fields=("experiment", "number"), name="block_served_once"),
        )

    def __str__(self) -> str:
        return f"{self.experiment} {self.number}: {self.arm}"

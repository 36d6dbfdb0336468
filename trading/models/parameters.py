"""Immutable parameter sets, the audited pointer to the live one, and when each was live."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models

from trading import clock

from .bots import Bot, StrategyInstance
from .fields import InstantField
from .guards import Audited, Immutable, KeptHistory, WrittenOnce


class Origin(models.TextChoices):
    DEFAULT = "default", "Declared defaults"
    ADMIN = "admin", "Admin"
    API = "api", "API"
    IMPORT = "import", "Import"
    EXPERIMENT = "experiment", "Experiment"
    ROLLBACK = "rollback", "Rollback"


class ParameterSet(WrittenOnce):
    """A version of an instance's parameters: all values, the reason and the author. Immutable."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="parameter_sets")
    version = models.PositiveIntegerField()
    values = models.JSONField()
    reason = models.CharField(max_length=500)
    origin = models.CharField(max_length=10, choices=Origin)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_by = models.CharField(
        max_length=80, blank=True, help_text="What created it, if no user did: a token or a command"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("instance", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "version"), name="version_once_per_instance"
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="version_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.instance} v{self.version}"

    @property
    def name(self) -> str:
        """The preset's name, or an empty text."""
        try:
            return self.preset.name
        except Preset.DoesNotExist:
            return ""


class Preset(models.Model):
    """A name for a version, kept apart because versions are immutable."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="presets")
    parameter_set = models.OneToOneField(ParameterSet, models.CASCADE, related_name="preset")
    name = models.CharField(max_length=60)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    named_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("instance", "name")
        constraints = (
            models.UniqueConstraint(fields=("instance", "name"), name="preset_once_per_instance"),
        )

    def __str__(self) -> str:
        return self.name


class LiveSets(Audited["LiveSet"]):
    def of(self, instance: StrategyInstance) -> Self:
        return self.filter(strategy_instance=instance)

    def of_bot(self, bot: Bot) -> Self:
        return self.filter(strategy_instance__bot=bot)

    def with_sets(self) -> Self:
        """With the parameter set and the instance of each row, in one query."""
        return self.select_related("parameter_set", "strategy_instance")


class LiveSet(models.Model):
    """The pointer to an instance's live set. Every change of it is audited by simple-history."""

    # Not "instance": history rows use that name themselves.
    strategy_instance = models.OneToOneField(StrategyInstance, models.CASCADE, related_name="live")
    parameter_set = models.ForeignKey(ParameterSet, models.RESTRICT, related_name="+")
    live_from = InstantField()
    reason = models.CharField(max_length=500)
    origin = models.CharField(max_length=10, choices=Origin)

    history = KeptHistory()
    objects = LiveSets.as_manager()

    class Meta:
        verbose_name = "live parameters"
        verbose_name_plural = "live parameters"

    def __str__(self) -> str:
        return str(self.parameter_set)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("live parameters are never deleted: one set must be live")


class LivePeriod(models.Model):
    """When a set went live; it lasts until the next row of its instance. Attributes trades."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="live_periods")
    parameter_set = models.ForeignKey(ParameterSet, models.CASCADE, related_name="live_periods")
    live_from = InstantField()

    objects = Immutable.as_manager()

    class Meta:
        ordering = ("instance", "live_from")
        constraints = (
            models.UniqueConstraint(fields=("instance", "live_from"), name="one_set_live_at_once"),
        )

    def __str__(self) -> str:
        return f"{self.parameter_set} from {self.live_from:%Y-%m-%d %H:%M}"


class Freeze(models.Model):
    """A period in which no parameter of a bot may change; open until it is lifted."""

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="freezes")
    frozen_at = models.DateTimeField(default=clock.now)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lift_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("bot", "-frozen_at")
        constraints = (
            models.UniqueConstraint(
                fields=("bot",),
                condition=models.Q(lifted_at__isnull=True),
                name="one_freeze_at_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.bot} frozen from {self.frozen_at:%Y-%m-%d %H:%M}"

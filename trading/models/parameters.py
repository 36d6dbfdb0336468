"""Parameter sets: immutable rows, the audited pointer to the live one, and when each was live."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from trading import clock

from .bots import StrategyInstance
from .fields import InstantField


class Immutable(models.QuerySet):
    """Rows that are written once: bulk paths that would change them are refused."""

    def update(self, **kwargs):
        raise TypeError(f"{self.model._meta.verbose_name} rows never change")

    bulk_update = update_or_create = update


class Audited(models.QuerySet):
    """Rows whose every change must leave a history row: bulk paths leave none, so are refused."""

    def update(self, **kwargs):
        raise TypeError(f"{self.model._meta.verbose_name} changes only through its own function")

    bulk_create = bulk_update = update


class Origin(models.TextChoices):
    DEFAULT = "default", "Declared defaults"
    ADMIN = "admin", "Admin"
    API = "api", "API"
    IMPORT = "import", "Import"
    EXPERIMENT = "experiment", "Experiment"
    ROLLBACK = "rollback", "Rollback"


class ParameterSet(models.Model):
    """A version of an instance's parameters: all values, why, and who. Never changed."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="parameter_sets")
    version = models.PositiveIntegerField()
    values = models.JSONField()
    reason = models.CharField(max_length=500)
    origin = models.CharField(max_length=10, choices=Origin)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    objects = Immutable.as_manager()

    class Meta:
        ordering = ("instance", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "version"), name="version_once_per_instance"
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="version_from_one"),
        )

    def __str__(self):
        return f"{self.instance} v{self.version}"


class LiveSet(models.Model):
    """The pointer to an instance's live set; simple-history audits every move of it."""

    # Not "instance": history rows use that name themselves.
    strategy_instance = models.OneToOneField(StrategyInstance, models.CASCADE, related_name="live")
    parameter_set = models.ForeignKey(ParameterSet, models.RESTRICT, related_name="+")
    live_from = InstantField()
    reason = models.CharField(max_length=500)
    origin = models.CharField(max_length=10, choices=Origin)

    history = HistoricalRecords(
        # As long as a reason may be, which the default column is not on PostgreSQL.
        history_change_reason_field=models.CharField(max_length=500, null=True)
    )
    objects = Audited.as_manager()

    class Meta:
        verbose_name = "live parameters"
        verbose_name_plural = "live parameters"

    def __str__(self):
        return str(self.parameter_set)


class LivePeriod(models.Model):
    """From when a set was live; until the next row of its instance. Trades find their set here."""

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="live_periods")
    parameter_set = models.ForeignKey(ParameterSet, models.CASCADE, related_name="live_periods")
    live_from = InstantField()

    objects = Immutable.as_manager()

    class Meta:
        ordering = ("instance", "live_from")
        constraints = (
            models.UniqueConstraint(fields=("instance", "live_from"), name="one_set_live_at_once"),
        )

    def __str__(self):
        return f"{self.parameter_set} from {self.live_from:%Y-%m-%d %H:%M}"

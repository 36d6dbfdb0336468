"""Rows that must not change, and rows whose every change must leave a line in their history."""

from __future__ import annotations

from django.db import models
from simple_history.manager import HistoricalQuerySet
from simple_history.models import HistoricalRecords


class Immutable(models.QuerySet):
    """Rows that are written once: bulk paths that would change them are refused."""

    def update(self, **kwargs):
        raise TypeError(f"{self.model._meta.verbose_name} rows never change")

    bulk_update = update_or_create = update


class Kept(Immutable):
    """Rows that are written once and go only with what they belong to."""

    def delete(self):
        raise TypeError(f"{self.model._meta.verbose_name} rows are never deleted")


class Audited(models.QuerySet):
    """Rows whose every change must leave a history row: bulk paths leave none, so are refused."""

    def update(self, **kwargs):
        raise TypeError(f"{self.model._meta.verbose_name} changes only through its own function")

    bulk_create = bulk_update = delete = update


class WrittenOnce(models.Model):
    """A row that, once it is there, is neither changed nor deleted but with its owner."""

    objects = Kept.as_manager()

    class Meta:
        abstract = True

    def save(self, **kwargs):
        if not self._state.adding:
            raise TypeError(f"{self._meta.verbose_name} rows never change")
        # A row made up with the key of one that is there must not take its place.
        super().save(**kwargs | {"force_insert": True})

    def delete(self, *args, **kwargs):
        raise TypeError(f"{self._meta.verbose_name} rows are never deleted")


class HistoryRows(Kept, HistoricalQuerySet):
    """Lines of a history: looked at, never touched, and never written by hand."""

    def bulk_create(self, *args, **kwargs):
        raise TypeError(f"{self.model._meta.verbose_name} rows are written by every change")


class HistoryRow(WrittenOnce):
    """A line of a history, one per change."""

    objects = HistoryRows.as_manager()

    class Meta:
        abstract = True


class KeptHistory(HistoricalRecords):
    """A history that cannot be edited, and goes only with what it is about."""

    def __init__(self, **kwargs):
        super().__init__(
            bases=(HistoryRow,),
            historical_queryset=HistoryRows,
            # As long as a reason may be, which the default column is not on PostgreSQL.
            history_change_reason_field=models.CharField(max_length=500, null=True),
            **kwargs,
        )

    def add_extra_methods(self, cls):
        """Without the one that saves and leaves no line."""

    def post_delete(self, instance, using=None, **kwargs):
        # A pointer is deleted with its bot and in no other way; a history of nothing is of no use.
        getattr(instance, self.manager_name).all()._raw_delete(using)

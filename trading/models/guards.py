"""Querysets and base models of rows that must not change, or only with a history row."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models
from simple_history.manager import HistoricalQuerySet
from simple_history.models import HistoricalRecords

_Row = TypeVar("_Row", bound=models.Model)


class Immutable(models.QuerySet[_Row]):
    """Rows that are written once: bulk changes are refused."""

    def update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.model._meta.verbose_name} rows never change")

    bulk_update = update_or_create = update


class Kept(Immutable[_Row]):
    """Rows that are written once and deleted only with their owner."""

    def delete(self) -> NoReturn:
        raise TypeError(f"{self.model._meta.verbose_name} rows are never deleted")


class Audited(models.QuerySet[_Row]):
    """Rows whose changes must write a history row: bulk changes write none and are refused."""

    def update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.model._meta.verbose_name} changes only through its own function")

    bulk_create = bulk_update = delete = update


class WrittenOnce(models.Model):
    """A row that is never changed, and deleted only with its owner."""

    objects = Kept.as_manager()

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{self._meta.verbose_name} rows never change")
        # A new row with the key of a stored one must not replace it.
        super().save(**kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self._meta.verbose_name} rows are never deleted")


class HistoryRows(Kept[Any], HistoricalQuerySet):  # type: ignore[misc]  # untyped library
    """Rows of a history: read only."""

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.model._meta.verbose_name} rows are written by every change")


class HistoryRow(WrittenOnce):
    """A row of a history, one per change."""

    objects = HistoryRows.as_manager()  # type: ignore[misc]  # untyped library

    class Meta:
        abstract = True


class KeptHistory(HistoricalRecords):  # type: ignore[misc]  # untyped library
    """A history that cannot be edited, and is deleted only with its subject."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            bases=(HistoryRow,),
            historical_queryset=HistoryRows,
            # The default column is too short for a reason on PostgreSQL.
            history_change_reason_field=models.CharField(max_length=500, null=True),
            **kwargs,
        )

    def add_extra_methods(self, cls: type[models.Model]) -> None:
        """Leaves out ``save_without_historical_record``."""

    def post_delete(self, instance: models.Model, using: str | None = None, **kwargs: Any) -> None:
        # A pointer is deleted only with its bot; its history goes with it.
        getattr(instance, self.manager_name).all()._raw_delete(using)

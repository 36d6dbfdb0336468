"""Column types that read and write the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_datetime

from trading import clock
from trading.ledger import amounts

if TYPE_CHECKING:
    # Only the stubs are generic, not Django's classes themselves.
    _Field = models.Field[Any, Any]
    _DecimalField = models.DecimalField[Any, Any]
else:
    _Field, _DecimalField = models.Field, models.DecimalField


class InstantField(_Field):
    """An aware UTC datetime, stored as whole microseconds since 1970.

    Large tables use it: eight bytes on both databases (SQLite keeps a datetime as 26 characters
    of text), exact, and readable into arrays without parsing.
    """

    description = "Moment in UTC, to the microsecond"
    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> datetime | None:
        return None if value is None else clock.from_micros(value)

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, int):
            return clock.from_micros(value)
        parsed = parse_datetime(value) if isinstance(value, str) else None
        if parsed is None or parsed.tzinfo is None:
            raise ValidationError("Enter a time with an offset, such as 2025-01-31T12:00:00Z.")
        return parsed

    def get_prep_value(self, value: Any) -> int | None:
        value = super().get_prep_value(value)
        if value is None or isinstance(value, int):
            return value
        moment = self.to_python(value)
        return None if moment is None else clock.to_micros(moment)

    def value_to_string(self, obj: models.Model) -> Any:
        value = self.value_from_object(obj)
        return None if value is None else value.isoformat()

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]  # fewer named arguments
        return super().formfield(**{"form_class": forms.DateTimeField, **kwargs})


class AmountField(_DecimalField):
    """A Decimal of at most 15 significant digits, magnitudes 1e-12 .. 1e12.

    SQLite keeps decimals as binary floats, which hold 15 digits exactly and not 16; rounding on
    the way in gives the same number on both databases.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 40)
        kwargs.setdefault("decimal_places", 26)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(amounts.plain(value))

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        try:
            return amounts.amount(value)
        except ValueError as error:
            raise ValidationError(f"The value {error}.") from error

"""Column types that read and write the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_datetime

from trading import clock
from trading.ledger import amounts


class InstantField(models.Field):
    """An aware UTC datetime, stored as whole microseconds since 1970.

    Large tables use it: eight bytes on both databases (SQLite keeps a datetime as 26 characters
    of text), exact, and readable into arrays without parsing.
    """

    description = "Moment in UTC, to the microsecond"
    empty_strings_allowed = False

    def get_internal_type(self):
        return "BigIntegerField"

    def from_db_value(self, value, expression, connection):
        return None if value is None else clock.from_micros(value)

    def to_python(self, value):
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, int):
            return clock.from_micros(value)
        parsed = parse_datetime(value) if isinstance(value, str) else None
        if parsed is None or parsed.tzinfo is None:
            raise ValidationError("Enter a time with an offset, such as 2025-01-31T12:00:00Z.")
        return parsed

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        if value is None or isinstance(value, int):
            return value
        return clock.to_micros(self.to_python(value))

    def value_to_string(self, obj):
        value = self.value_from_object(obj)
        return None if value is None else value.isoformat()

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": forms.DateTimeField, **kwargs})


class AmountField(models.DecimalField):
    """A Decimal of at most 15 significant digits, magnitudes 1e-12 .. 1e12.

    SQLite keeps decimals as binary floats, which hold 15 digits exactly and not 16; rounding on
    the way in gives the same number on both databases.
    """

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 40)
        kwargs.setdefault("decimal_places", 26)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value, expression, connection):
        return None if value is None else Decimal(amounts.plain(value))

    def to_python(self, value):
        if value is None:
            return None
        try:
            return amounts.amount(value)
        except ValueError as error:
            raise ValidationError(f"The value {error}.") from error

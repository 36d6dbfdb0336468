"""Requests as structs."""

from __future__ import annotations

from typing import Annotated

from analytics.monitoring.alerts.lifecycle import NOTE_LENGTH
from analytics.recommendations.apply import CHANGE, WAYS
from trading.api.requests import In, Reason
from trading.validation import field_types as types

Note = Annotated[str, types.text(0, NOTE_LENGTH)]


class NoteIn(In):
    note: Note = ""


class SnoozeIn(NoteIn, kw_only=True):
    until: types.Time


class DismissIn(In):
    reason: Reason


class AcceptIn(DismissIn):
    how: Annotated[str, types.one_of(WAYS)] = CHANGE

"""What requests look like."""

from __future__ import annotations

from trading.api.requests import In
from trading.ingest.trade_schema import Number


class NoteIn(In):
    note: str = ""


class SnoozeIn(In):
    until: Number
    note: str = ""


class DecisionIn(In):
    reason: str


class AcceptIn(In):
    reason: str
    how: str = "change"

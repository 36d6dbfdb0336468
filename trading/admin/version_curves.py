"""The course of one version: the running total of the trades that it made."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from trading import clock, windows
from trading.models import ParameterSet, Scope, StrategyInstance
from trading.rollups import HOUR
from trading.selection import Selection

HOURLY_DAYS = 14  # a curve of at most so many days has a point an hour, else one a day


def curve_of(
    instance: StrategyInstance, made: ParameterSet, mode: str
) -> list[tuple[datetime, float]]:
    """Running total of PnL %, from 0 before the first trade; empty without trades."""
    asked = Selection(instance=instance, mode=mode, version=made.version)
    scopes = asked.scopes(Scope.Kind.SET)
    window = windows.pieces(scopes, None, None)
    if not window.scope.size:
        return []
    if window.day.max() - window.day.min() < HOURLY_DAYS:
        window = windows.pieces(scopes, None, None, hourly=True)
    order = np.argsort(window.tallies["last"], kind="stable")
    moments = window.tallies["last"][order].tolist()
    totals = np.cumsum(window.tallies["total"][order]).tolist()
    start = int(window.tallies["first"].min()) // HOUR * HOUR
    return [
        (clock.from_micros(start), 0.0),
        *((clock.from_micros(at), total) for at, total in zip(moments, totals, strict=True)),
    ]

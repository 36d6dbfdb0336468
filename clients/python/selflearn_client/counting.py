"""Evaluation counts: summed per stretch of time, kept on disk, queued once when it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from . import checks, records
from .errors import BadValue
from .outbox import New, Outbox


@dataclass
class Stretch:
    """Counts since ``start``; ``last`` is the newest one, both in seconds since 1970."""

    start: float
    last: float
    evaluations: int = 0
    signals: int = 0
    blocked: dict[str, int] = field(default_factory=dict)


class Counter:
    """Counts survive the process; a stretch is queued in the transaction that ends it, so that
    each is sent once, and the same again when that is repeated."""

    def __init__(self, outbox: Outbox, length: float, now: Callable[[], datetime]) -> None:
        self._outbox, self._length, self._now = outbox, length, now
        self._lock = Lock()
        self._open = {key: Stretch(**json.loads(body)) for key, body in outbox.stretches().items()}
        # What an earlier process counted ends where it ended.
        for key in list(self._open):
            self._end(key, self._open[key].last)

    def count(self, strategy: str, market: str, blocked: str | None) -> None:
        key = (strategy, market)
        with self._lock:
            if key not in self._open:
                records.place(strategy, market)
            if blocked is not None and not (isinstance(blocked, str) and 0 < len(blocked) <= 64):
                raise BadValue({"blocked": ["must be the name of a filter, or None"]})
            now = self._now().timestamp()
            stretch = self._open.get(key)
            if stretch is None:
                stretch = self._open[key] = Stretch(now, now)
            elif stretch.evaluations == 0:
                # A clock that was set back must not give two stretches the same start.
                stretch.start = max(now, stretch.last)
            elif now - stretch.start >= self._length:
                self._end(key, now)
                stretch = self._open[key]
            stretch.last = max(now, stretch.last)
            stretch.evaluations += 1
            if blocked is None:
                stretch.signals += 1
            else:
                stretch.blocked[blocked] = stretch.blocked.get(blocked, 0) + 1
            self._outbox.keep_stretch(*key, checks.encode(asdict(stretch)), None)

    def end(self, older: float | None = None) -> None:
        """Queue the open stretches, or those that are at least ``older`` seconds old."""
        with self._lock:
            now = self._now().timestamp()
            for key, stretch in list(self._open.items()):
                if stretch.evaluations and (older is None or now - stretch.start >= older):
                    self._end(key, now)

    def _end(self, key: tuple[str, str], at: float) -> None:
        old = self._open[key]
        if not old.evaluations:
            return
        start = datetime.fromtimestamp(old.start, UTC)
        end = max(datetime.fromtimestamp(at, UTC), start + timedelta(microseconds=1))
        row = records.evaluations(
            strategy=key[0],
            market=key[1],
            start=start,
            end=end,
            evaluations=old.evaluations,
            signals=old.signals,
            blocked=old.blocked,
        )
        fresh = Stretch(end.timestamp(), end.timestamp())
        self._open[key] = fresh
        self._outbox.keep_stretch(
            *key, checks.encode(asdict(fresh)), New("evaluation", "|".join(key), checks.encode(row))
        )

"""Query parameters, named and checked like any other input."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import TypeVar

from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from trading.models import Bot, Mode
from trading.performance.selection import PERIODS, Selection, period
from trading.strategies import UnknownStrategy
from trading.validation import limits

_EMPTY = QueryDict()
Checked = TypeVar("Checked")


class Query:
    """The query parameters of a request; one that is not among ``names`` is refused."""

    def __init__(self, request: Request, *names: str) -> None:
        if not request.META.get("QUERY_STRING"):
            self._given = _EMPTY
            return
        self._given = request.query_params
        unknown = {name: ["is not a parameter here"] for name in self._given if name not in names}
        if unknown:
            raise ValidationError({name[:64]: text for name, text in list(unknown.items())[:20]})
        # A filter that is empty or given twice would silently answer another question.
        empty = {name: ["must not be empty"] for name, value in self._given.items() if not value}
        twice = {name: ["stands twice"] for name, all_ in self._given.lists() if len(all_) > 1}
        if empty or twice:
            raise ValidationError(empty | twice)

    def has(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, length: int = 200) -> str | None:
        value = self._given.get(name)
        if value is None:
            return None
        return self._checked(name, lambda: limits.text(value, length))

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        value = self.text(name, 40)
        if value is not None and value not in words:
            raise ValidationError({name: [f"must be one of {', '.join(words)}"]})
        return value

    def as_csv(self) -> bool:
        """Whether ``format`` asks for CSV instead of JSON."""
        written = self.text("format") or "json"
        if written not in ("json", "csv"):
            raise ValidationError({"format": ["must be json or csv"]})
        return written == "csv"

    def market(self) -> str | None:
        value = self.text("market")
        if value and not limits.MARKET.fullmatch(value):
            raise ValidationError({"market": [f"must match {limits.MARKET.pattern}"]})
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self._given.get(name)
        if value is None:
            return default
        sound = value.isascii() and value.isdigit() and len(value) <= 19
        if not (sound and low <= int(value) <= high):
            raise ValidationError({name: [f"must be a whole number from {low} to {high}"]})
        return int(value)

    def moment(self, name: str) -> datetime | None:
        value = self._given.get(name)
        if not value:
            return None
        # A + of an offset reaches us as a space unless it was escaped.
        text = value.replace(" ", "+") if " " in value[10:] and "T" in value else value
        if text.replace(".", "", 1).isdigit() and text.isascii():
            return self._checked(name, lambda: limits.moment(float(text)))
        return self._checked(name, lambda: limits.moment(text))

    def day(self, name: str) -> date | None:
        """A day such as 2025-11-17."""
        value = self.text(name, 40)
        return None if value is None else self._checked(name, lambda: limits.day(value))

    def key(self, name: str) -> tuple[int, int] | None:
        """A cursor: the ``next`` of an earlier page."""
        value = self._given.get(name)
        if not value:
            return None
        parts = value.split("-")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValidationError({name: ["is not a cursor that an answer gave"]})
        if max(map(len, parts)) > 18:
            raise ValidationError({name: ["is not a cursor that an answer gave"]})
        return int(parts[0]), int(parts[1])

    def selection(self, bot: Bot, mode: str | None = Mode.LIVE) -> Selection:
        """The trades that match strategy, market, mode, version, since, until and window."""
        since, until, as_of = map(self.moment, ("since", "until", "as_of"))
        window = self.text("window")
        if window and window not in (*PERIODS, "all"):
            raise ValidationError({"window": [f"must be {', '.join(PERIODS)} or all"]})
        # The narrowest of all bounds counts.
        first, last = period(window, as_of) if window else (None, None)
        since = max(filter(None, (since, first)), default=None)
        until = min(filter(None, (until, last, as_of)), default=None)
        chosen = self.text("mode") or mode
        if chosen not in (*Mode.values, None):
            raise ValidationError({"mode": ["must be live or paper"]})
        return self._known(
            Selection(
                bot=bot,
                strategy=self.text("strategy"),
                market=self.market(),
                mode=chosen,
                version=self.whole("version", 0, 1, 2**31 - 1) or None,
                arm=self.text("arm", 64),
                since=since,
                until=until,
            )
        )

    @staticmethod
    def _known(selection: Selection) -> Selection:
        try:
            selection.instances()
        except UnknownStrategy as unknown:
            raise ValidationError({"strategy": [str(unknown)]}) from unknown
        return selection

    @staticmethod
    def _checked(name: str, check: Callable[[], Checked]) -> Checked:
        try:
            return check()
        except ValueError as error:
            raise ValidationError({name: [str(error)]}) from error

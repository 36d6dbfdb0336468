"""Query parameters, named and checked like any other input."""

from __future__ import annotations

from datetime import datetime

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from trading import guard
from trading.models import Bot, Mode
from trading.selection import PERIODS, Selection, period
from trading.strategies import UnknownStrategy


class Query:
    """The query of a request; a parameter that is not among ``names`` is refused."""

    def __init__(self, request: Request, *names: str) -> None:
        self._given = request.query_params
        unknown = {name: ["is not a parameter here"] for name in self._given if name not in names}
        if unknown:
            raise ValidationError({name[:64]: text for name, text in list(unknown.items())[:20]})

    def has(self, name: str) -> bool:
        return bool(self._given.get(name))

    def text(self, name: str) -> str | None:
        value = self._given.get(name)
        if value is None or value == "":
            return None
        return self._checked(name, lambda: guard.text(value, 200))

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self._given.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and low <= int(value[:19]) <= high):
            raise ValidationError({name: [f"must be a whole number from {low} to {high}"]})
        return int(value)

    def moment(self, name: str) -> datetime | None:
        value = self._given.get(name)
        if not value:
            return None
        # A + of an offset reaches us as a space unless it was escaped.
        text = value.replace(" ", "+") if " " in value[10:] and "T" in value else value
        if text.replace(".", "", 1).isdigit() and text.isascii():
            return self._checked(name, lambda: guard.moment(float(text)))
        return self._checked(name, lambda: guard.moment(text))

    def key(self, name: str) -> tuple[int, int] | None:
        """A cursor as an answer gave it: where the page before it ended."""
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
        """The trades that strategy, market, mode, version, since, until or window name."""
        since, until = self.moment("since"), self.moment("until")
        window = self.text("window")
        if window:
            if since or until:
                raise ValidationError({"window": ["stands for since and until: send one of them"]})
            if window not in (*PERIODS, "all"):
                raise ValidationError({"window": [f"must be {', '.join(PERIODS)} or all"]})
            since, until = period(window, self.moment("as_of"))
        if since and until and since >= until:
            raise ValidationError({"since": ["must be before until"]})
        chosen = self.text("mode") or mode
        if chosen not in (*Mode.values, None):
            raise ValidationError({"mode": ["must be live or paper"]})
        market = self.text("market")
        if market and not guard.MARKET.fullmatch(market):
            raise ValidationError({"market": [f"must match {guard.MARKET.pattern}"]})
        return self._known(
            Selection(
                bot=bot, strategy=self.text("strategy"), market=market, mode=chosen,
                version=self.whole("version", 0, 1, 2**31 - 1) or None,
                since=since, until=until,
            )
        )  # fmt: skip

    @staticmethod
    def _known(selection: Selection) -> Selection:
        try:
            selection.instances()
        except UnknownStrategy as unknown:
            raise ValidationError({"strategy": [str(unknown)]}) from unknown
        return selection

    @staticmethod
    def _checked(name: str, check):
        try:
            return check()
        except ValueError as error:
            raise ValidationError({name: [str(error)]}) from error

"""How values read: plain numbers, signed results, human durations, moments in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from trading.ledger import amounts

NOTHING = "\u2013"  # an en dash stands where there is no value
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
# Without a mouse a title is read on being focused.
_REACHABLE = format_html(' tabindex="{}" class="sl-none"', 0)
UNIT_NAMES = {"pct": "%", "ratio": "", "hour": "h UTC", "weekday": ""}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as a page shows it.

    ``tone`` is gain, loss, warn or empty; ``kind`` is text, number or code.
    """

    text: str
    kind: str = "text"
    tone: str = ""
    href: str = ""
    title: str = ""

    @property
    def html(self) -> SafeString:
        """The value as it stands in a page; all that bots sent is escaped."""
        if self.href:
            return format_html('<a href="{}" title="{}">{}</a>', self.href, self.title, self.text)
        if self.title:
            reach = _REACHABLE if self.text == NOTHING else ""
            return format_html('<span title="{}"{}>{}</span>', self.title, reach, self.text)
        return conditional_escape(self.text)

    @property
    def td(self) -> SafeString:
        """The value in its cell of a table; a template that did this would be slow."""
        tone = f" sl-{self.tone}" if self.tone else ""
        return format_html('<td class="sl-{}{}">{}</td>', self.kind, tone, self.html)


def nothing(why: str = "") -> Cell:
    """A dash that says, on being pointed at, why there is no value."""
    return Cell(NOTHING, "number", "", "", why)


def amount(value: Decimal | float | None, why: str = "") -> Cell:
    """A price or size without trailing zeros."""
    if value is None:
        return nothing(why)
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return Cell(amounts.plain(number), "number")


def result(value: float | None, unit: str = "%", digits: int = 3, why: str = "") -> Cell:
    """A signed and coloured result."""
    if value is None:
        return nothing(why)
    return Cell(f"{value:+,.{digits}f} {unit}".rstrip(), "number", tone(value))


def money(value: Decimal | None, currency: str, why: str = "") -> Cell:
    """A signed and coloured amount of money; small ones keep the digits that matter."""
    if value is None:
        return nothing(why)
    digits = 2 if value == 0 or abs(value) >= 1 else 4 if abs(value) >= Decimal("0.01") else 8
    return Cell(f"{value:+,.{digits}f} {currency}", "number", tone(value))


def tone(value: float | Decimal) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else ""


def count(value: int | None) -> Cell:
    return nothing() if value is None else Cell(f"{value:,}", "number")


def moment(value: datetime | None, why: str = "") -> Cell:
    """A moment to the second; the exact one is in the title. Headings say UTC."""
    if value is None:
        return nothing(why)
    return Cell(f"{value:%Y-%m-%d %H:%M:%S}", "time", "", "", f"{value:%Y-%m-%d %H:%M:%S.%f} UTC")


def duration(seconds: float | None) -> str:
    """The two largest units: ``1 h 3 min``, ``45 s``, ``0.2 s``."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.3g} s"
    left, parts = round(seconds), []
    for size, name in _UNITS:
        whole, left = divmod(left, size)
        if whole or parts:
            parts.append((whole, name))
    return " ".join(f"{whole} {name}" for whole, name in parts[:2] if whole)


def interval(seconds: int) -> str:
    """The length of a candle: ``15 min``, ``1 h``, ``90 s``."""
    for size, name in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def value(raw: Any, unit: str = "") -> str:
    """Anything from a context or a parameter set, in plain language."""
    if raw is None or raw == "":
        return NOTHING
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if unit == "weekday" and isinstance(raw, int) and 0 <= raw <= 6:
        return WEEKDAYS[raw]
    if unit == "seconds" and isinstance(raw, int | float) and raw >= 60:
        return duration(raw)
    if isinstance(raw, int | float):
        text = f"{raw:.10g}"
        text = amounts.plain(Decimal(text)) if "e" in text and abs(raw) < 1e20 else text
        unit = UNIT_NAMES.get(unit, unit)
        if raw == 1 and len(unit) > 3:
            unit = unit.removesuffix("s")  # 1 candle, but 1 bps
        return f"{text} {unit}".rstrip()
    return str(raw)


def setting(raw: Any, unit: str = "") -> str:
    """A value of a parameter: switches are on or off."""
    if isinstance(raw, bool):
        return "on" if raw else "off"
    return value(raw, unit)


def thin(points: Sequence[Any], most: int) -> Sequence[Any]:
    """At most so many of the points, the first and the last among them."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(at * step)] for at in range(most)]


def label(name: str) -> str:
    """``bb_low_zone_max`` as words: ``BB low zone max``; a unit at the end is shown elsewhere."""
    words = name.split("_")
    if len(words) > 1 and words[-1] in _UNIT_WORDS:
        words = words[:-1]
    text = " ".join(_SHORT.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


_UNIT_WORDS = {"bps", "pct", "seconds", "minutes"}
_SHORT = {
    "ao": "AO",
    "atr": "ATR",
    "bb": "BB",
    "ema": "EMA",
    "macd": "MACD",
    "rsi": "RSI",
    "ma": "MA",
    "mfe": "MFE",
    "mae": "MAE",
    "tp": "target",
    "sl": "stop",
    "vol": "volatility",
    "std": "standard deviations",
}

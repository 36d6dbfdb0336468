"""How values read: numbers with thousands separators, signed results, durations, times.

Pages, mails and commands use the same functions. Functions that return a ``Cell`` are for tables:
``.text`` is the value as plain text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from trading.ledger import amounts

NOTHING = "\u2013"  # an en dash where there is no value
PRICE_DIGITS = 6  # significant digits of a price or size; the exact value is in its title
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
# Keyboard users read a title by focusing it.
_FOCUSABLE = format_html(' tabindex="{}" class="sl-none"', 0)
UNIT_NAMES = {"pct": "%", "ratio": "", "price": "", "hour": "h UTC", "weekday": ""}


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
        """The value as HTML; text sent by bots is escaped."""
        if self.href:
            return format_html('<a href="{}" title="{}">{}</a>', self.href, self.title, self.text)
        if self.title:
            focus = _FOCUSABLE if self.text == NOTHING else ""
            return format_html('<span title="{}"{}>{}</span>', self.title, focus, self.text)
        return conditional_escape(self.text)

    @property
    def td(self) -> SafeString:
        """The value as a table cell. Built here because a template include per cell is slow."""
        tone = f" sl-{self.tone}" if self.tone else ""
        return format_html('<td class="sl-{}{}">{}</td>', self.kind, tone, self.html)


def nothing(why: str = "") -> Cell:
    """A dash whose title says why there is no value."""
    return Cell(NOTHING, "number", "", "", why)


def amount(value: Decimal | float | None, why: str = "") -> Cell:
    """A price or size with at most 6 significant digits: ``117,345``, ``0.7581``."""
    if value is None:
        return nothing(why)
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if not number.is_finite():
        return Cell(str(number), "number")
    text = _grouped(_shortened(number))
    exact = _grouped(number)
    return Cell(text, "number", "", "", exact if exact != text else "")


def result(value: float | None, unit: str = "%", digits: int = 3, why: str = "") -> Cell:
    """A signed and coloured result: ``+0.054%``, ``-3.2 bps``."""
    if value is None:
        return nothing(why)
    return Cell(with_unit(f"{value:+,.{digits}f}", unit), "number", tone(value))


def percent(share: float | None, digits: int = 1, why: str = "") -> Cell:
    """A share of 1 in percent, without a sign: ``54.1%``."""
    return nothing(why) if share is None else Cell(f"{share * 100:,.{digits}f}%", "number")


def money(value: Decimal | None, currency: str, why: str = "") -> Cell:
    """A signed and coloured amount of money; small amounts get more digits."""
    if value is None:
        return nothing(why)
    digits = 2 if value == 0 or abs(value) >= 1 else 4 if abs(value) >= Decimal("0.01") else 8
    return Cell(f"{value:+,.{digits}f} {currency}", "number", tone(value))


def tone(value: float | Decimal) -> str:
    """``gain``, ``loss`` or nothing at 0: the colour of a result."""
    return "gain" if value > 0 else "loss" if value < 0 else ""


def count(value: int | None) -> Cell:
    """A whole number with thousands separators: ``4,155``."""
    return nothing() if value is None else Cell(f"{value:,}", "number")


def moment(value: datetime | None, why: str = "") -> Cell:
    """A time in the current time zone, to the second, with the zone; microseconds in the title."""
    if value is None:
        return nothing(why)
    local = timezone.localtime(value)
    return Cell(f"{local:%Y-%m-%d %H:%M:%S %Z}", "time", "", "", f"{local:%Y-%m-%d %H:%M:%S.%f %Z}")


def minute(value: datetime | None, why: str = "") -> Cell:
    """As ``moment``, shown to the minute: ``2026-03-02 14:05 UTC``."""
    if value is None:
        return nothing(why)
    exact = moment(value)
    return Cell(f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}", "time", "", "", exact.title)


def duration(seconds: float | None) -> str:
    """The two largest units: ``1 h 3 min``, ``45 s``, ``0.2 s``."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.3g} s"
    left, parts = round(seconds), list[tuple[int, str]]()
    for size, name in _UNITS:
        whole, left = divmod(left, size)
        if whole or parts:
            parts.append((whole, name))
    return " ".join(f"{whole:,} {name}" for whole, name in parts[:2] if whole)


def interval(seconds: int) -> str:
    """The length of a candle: ``15 min``, ``1 h``, ``90 s``."""
    for size, name in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def value(raw: Any, unit: str = "") -> str:
    """A value of a trade's context or extra fields as text, with its unit."""
    return _text(raw, unit, grouped=True)


def setting(raw: Any, unit: str = "") -> str:
    """A parameter value as one types it, with its unit; switches are on or off."""
    if isinstance(raw, bool):
        return "on" if raw else "off"
    return _text(raw, unit, grouped=False)


def with_unit(text: str, unit: str) -> str:
    """``+0.054%`` and ``5 bps``: no space before a percent sign."""
    return f"{text}%" if unit == "%" else f"{text} {unit}".rstrip()


def _text(raw: Any, unit: str, *, grouped: bool) -> str:
    if raw is None or raw == "":
        return NOTHING
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if unit == "weekday" and isinstance(raw, int) and 0 <= raw <= 6:
        return WEEKDAYS[raw]
    if unit == "seconds" and isinstance(raw, int | float) and raw >= 60:
        return duration(raw)
    if not isinstance(raw, int | float):
        return str(raw)
    unit = UNIT_NAMES.get(unit, unit)
    if raw == 1 and len(unit) > 3:
        unit = unit.removesuffix("s")  # 1 candle, but 1 bps
    return with_unit(_number(raw, grouped=grouped), unit)


def _number(raw: float, *, grouped: bool) -> str:
    text = f"{raw:.10g}"
    if not math.isfinite(raw) or abs(raw) >= 1e20:
        return text
    number = Decimal(text)
    return _grouped(_shortened(number)) if grouped else amounts.plain(number)


def _shortened(number: Decimal) -> Decimal:
    """At most 6 significant digits, and all digits before the decimal point."""
    places = PRICE_DIGITS - 1 - number.adjusted()
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= max(places, 0):
        return number
    return round(number, max(places, 0))


def _grouped(number: Decimal) -> str:
    """Without exponent and trailing zeros, with thousands separators."""
    whole, point, decimals = amounts.plain(number).partition(".")
    return (
        f"{Decimal(whole):,}{point}{decimals}"
        if whole not in ("-0", "")
        else whole + point + decimals
    )


def thin(points: Sequence[Any], most: int) -> Sequence[Any]:
    """At most ``most`` of the points, evenly spaced, with the first and the last."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(at * step)] for at in range(most)]


def label(name: str) -> str:
    """``bb_low_zone_max`` as words: ``BB low zone max``, without a unit at the end."""
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

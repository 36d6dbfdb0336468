"""What a strategy lets its user set. Form, API, replay and search all read these declarations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, MISSING, dataclass, fields
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, ClassVar, TypeAlias

Value: TypeAlias = bool | int | float | str

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NUMERAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_LONGEST_NUMERAL = 64
DECIMAL_MARK = "; the decimal mark is a point, as in 0.25, and thousands have no mark"
_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})
_DESCRIBED = (
    *("name", "default", "low", "high", "step", "log"),
    *("choices", "unit", "group", "help", "tuned"),
)


class Invalid(ValueError):
    """A value that a parameter refuses; the text is for the person who typed it."""


class BadDeclaration(ValueError):
    """A parameter, feature or strategy that contradicts itself; raised where it is defined."""


def plain(number: float) -> str:
    """The number as a person writes it: no exponent, no trailing zeros."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: object) -> int | float:
    """A finite number, whole ones as int where they came as such. Booleans are not numbers."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST_NUMERAL or not _NUMERAL.fullmatch(text):
            raise Invalid(f"must be a number{DECIMAL_MARK if ',' in text else ''}")
        value = int(text) if _WHOLE.fullmatch(text) else float(text)
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise Invalid("must be a number")
    if isinstance(value, Integral):
        return int(value)
    try:
        number = float(value)
    except (OverflowError, ValueError):  # a fraction too large for a float, a signalling NaN
        number = math.nan
    if not math.isfinite(number):
        raise Invalid("must be a finite number")
    return number


def _whole(value: object) -> int:
    number = _number(value)
    if isinstance(number, float) and not number.is_integer():
        raise Invalid("must be a whole number")
    return int(number)


def _within(number: int | float, low: float, high: float) -> None:
    if not low <= number <= high:
        raise Invalid(f"must be between {plain(low)} and {plain(high)}")


@dataclass(frozen=True)
class Parameter:
    """The part every kind shares.

    `unit` says what the value counts (bps, pct, ratio, seconds, candles ...); `group` is the key
    of a group of the strategy; `tuned` says whether a search may vary it.
    """

    kind: ClassVar[str]

    name: str
    default: Value
    _: KW_ONLY
    unit: str = ""
    group: str = ""
    help: str = ""
    tuned: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadDeclaration(f"{self.name!r} is not a parameter name")
        if not all(isinstance(text, str) for text in (self.unit, self.group, self.help)):
            raise BadDeclaration(f"{self.name}: unit, group and help must be text")
        if not isinstance(self.tuned, bool):
            raise BadDeclaration(f"{self.name}: tuned must be true or false")
        try:
            self._declare()
            self._settle("default", self.clean(self.default))
        except Invalid as invalid:
            raise BadDeclaration(f"{self.name}: default or bound {invalid}") from invalid

    def _declare(self) -> None:
        """Check and normalise what the kind adds, before the default is tried against it."""

    def _settle(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)  # frozen from the end of the definition on

    def clean(self, value: object) -> Value:
        """The value in its own type. Raises Invalid. Cleaning twice changes nothing."""
        raise NotImplementedError

    def describe(self) -> dict[str, object]:
        """A JSON-able dict with the same keys for every kind, None where one does not apply."""
        described = {key: getattr(self, key, None) for key in _DESCRIBED}
        if described["choices"] is not None:
            described["choices"] = list(described["choices"])
        return {"type": self.kind, **described}

    def _check_range(self, low: float, high: float, step: float | None, log: bool) -> None:
        if low > high:
            raise BadDeclaration(f"{self.name}: low is above high")
        if step is not None and step <= 0:
            raise BadDeclaration(f"{self.name}: step must be above 0")
        if not isinstance(log, bool) or (log and low <= 0):
            raise BadDeclaration(f"{self.name}: a log scale needs low above 0")


@dataclass(frozen=True)
class Number(Parameter):
    """A float within [low, high].

    `step` is the grain of forms and searches, not a condition: any value within bounds is valid.
    `log` says that a search should spread its trials over orders of magnitude.
    """

    kind: ClassVar[str] = "number"

    default: float
    low: float
    high: float
    step: float | None = None
    _: KW_ONLY
    log: bool = False

    def _declare(self) -> None:
        self._settle("low", float(_number(self.low)))
        self._settle("high", float(_number(self.high)))
        if self.step is not None:
            self._settle("step", float(_number(self.step)))
        self._check_range(self.low, self.high, self.step, self.log)

    def clean(self, value: object) -> float:
        number = _number(value)
        _within(number, self.low, self.high)
        return float(number) + 0.0  # -0.0 becomes 0.0, so that equal sets are written equally


@dataclass(frozen=True)
class Integer(Parameter):
    """A whole number within [low, high]; `step` and `log` as for Number. 14.0 is whole."""

    kind: ClassVar[str] = "integer"

    default: int
    low: int
    high: int
    step: int = 1
    _: KW_ONLY
    log: bool = False

    def _declare(self) -> None:
        for bound in ("low", "high", "step"):
            self._settle(bound, _whole(getattr(self, bound)))
        self._check_range(self.low, self.high, self.step, self.log)

    def clean(self, value: object) -> int:
        number = _whole(value)
        _within(number, self.low, self.high)
        return number


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a few words."""

    kind: ClassVar[str] = "choice"

    default: str
    choices: tuple[str, ...]

    def _declare(self) -> None:
        if not isinstance(self.choices, tuple | list) or not self.choices:
            raise BadDeclaration(f"{self.name}: choices must be a list of words")
        if not all(isinstance(choice, str) and choice.strip() for choice in self.choices):
            raise BadDeclaration(f"{self.name}: every choice must be a word")
        self._settle("choices", tuple(choice.strip() for choice in self.choices))
        if len(set(self.choices)) < len(self.choices):
            raise BadDeclaration(f"{self.name}: a choice is listed twice")

    def clean(self, value: object) -> str:
        if not isinstance(value, str) or value.strip() not in self.choices:
            raise Invalid(f"must be one of {', '.join(self.choices)}")
        return value.strip()


@dataclass(frozen=True)
class Boolean(Parameter):
    """On or off. Words of forms and command lines are read; numbers are not."""

    kind: ClassVar[str] = "boolean"

    default: bool

    def clean(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in _TRUE | _FALSE:
            raise Invalid("must be on or off")
        return word in _TRUE


KINDS: dict[str, type[Parameter]] = {cls.kind: cls for cls in (Number, Integer, Choice, Boolean)}


def parameter_from(description: Mapping[str, Any]) -> Parameter:
    """The parameter that `describe` wrote; keys that are None count as absent.

    Raises BadDeclaration for an unknown type or key, a missing key, or a contradiction.
    """
    given = {key: value for key, value in description.items() if value is not None}
    kind = given.pop("type", None)
    cls = KINDS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise BadDeclaration(f"type must be one of {', '.join(KINDS)}")
    known = {field.name: field.default is MISSING for field in fields(cls)}
    if unknown := sorted(given.keys() - known.keys()):
        raise BadDeclaration(f"a {kind} parameter has no {', '.join(unknown[:5])}")
    if missing := [name for name, required in known.items() if required and name not in given]:
        raise BadDeclaration(f"a {kind} parameter needs {', '.join(missing)}")
    return cls(**given)

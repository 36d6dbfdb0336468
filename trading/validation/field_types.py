"""Types of JSON fields, with the bounds that the API's description states.

The bounds are ``extra_json_schema``: msgspec does not enforce them, because the checks of
``fields`` and ``limits`` name every wrong field at once and in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta

from trading.strategies.base import Feature
from trading.strategies.common import COMMON_CONTEXT
from trading.validation import limits

INT64 = 2**63 - 1
INT32 = 2**31 - 1
_NO_NUL = r"^[^\u0000]*$"
NOT_BLANK = r"^[^\u0000]*\S[^\u0000]*$"
_NAMES = {"pattern": _NO_NUL, "not": {"enum": ["__proto__"]}}
_YEAR = "(199[0-9]|2[01][0-9][0-9])"
DATE = (
    rf"({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|1[0-9]|2[0-8]))|(199[26]|2000|2[01](0[48]|[2468][048]|[13579][26]))-02-29)"
)
ISO = (
    rf"^{DATE}[T ]([01][0-9]|2[0-3]):[0-5][0-9]"
    r"(:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_ABOVE_ZERO = (
    r"0{0,3}([1-9][0-9]{0,11}(\.[0-9]{0,20})?|0?\.0{0,11}[1-9][0-9]{0,20})"
    r"([eE][+-]?0)?"
)


def text(low: int, high: int, description: str | None = None, pattern: str = _NO_NUL) -> Meta:
    bounds = {"minLength": low, "maxLength": high, "pattern": pattern}
    return Meta(description=description, extra_json_schema=bounds)


def matching(pattern: str, description: str | None = None) -> Meta:
    return Meta(description=description, extra_json_schema={"pattern": f"^{pattern}$"})


def between(low: float, high: float, description: str | None = None) -> Meta:
    return Meta(description=description, extra_json_schema={"minimum": low, "maximum": high})


def one_of(choices: Iterable[Any], description: str | None = None) -> Meta:
    return Meta(description=description, extra_json_schema={"enum": list(choices)})


def shared(name: str, description: str | None = None) -> Meta:
    """A schema that the document holds once, by this name."""
    reference = {"$ref": f"#/components/schemas/{name}"}
    return Meta(description=description, extra_json_schema=reference)


Number = int | float | str
Id = Annotated[str, matching(limits.ID.pattern, "The bot's own id: stored once per bot.")]
Market = Annotated[str, matching(limits.MARKET.pattern, "Name of a market; case counts.")]
StrategyName = Annotated[str, shared("StrategyName")]
Side = Annotated[str, one_of(("long", "short"))]
Mode = Annotated[str, one_of(("live", "paper"))]
Time = Annotated[Number, shared("Time")]
AsOf = Annotated[
    Number, shared("Time", "The moment this describes; one older than the stored one is refused.")
]
Positive = Annotated[Number, shared("Positive")]
Amount = Annotated[Number, shared("Amount")]
Json = Annotated[Any, shared("Json")]
Price = Annotated[int | float, between(1e-12, 1e12)]
Whole = Annotated[int, between(0, INT64)]
Version = Annotated[int, between(1, INT32)]
_OPEN: dict[str, Any] = {
    "maxProperties": limits.KEYS,
    "propertyNames": _NAMES,
    "additionalProperties": {"$ref": "#/components/schemas/Json"},
}
OpenObject = Annotated[dict[str, Any], Meta(extra_json_schema=_OPEN)]
Percent = (
    Annotated[int | float, between(-1e6, 1e6)]
    | Annotated[str, matching(r"[+-]?0{0,3}[0-9]{1,6}(\.[0-9]{0,20})?")]
)
Leverage = (
    Annotated[int | float, between(1e-9, 1e4)]
    | Annotated[str, matching(r"[1-9][0-9]{0,2}(\.[0-9]{1,4})?")]
)


def _feature(feature: Feature) -> dict[str, Any]:
    if feature.kind == "boolean":
        schema: dict[str, Any] = {"type": "boolean"}
    elif feature.kind == "category":
        schema = {"type": "string", "enum": list(feature.choices)}
    else:
        whole = {"entry_hour": (0, 23), "entry_day_of_week": (0, 6)}.get(feature.name)
        low, high = whole or (-1e300, 1e300)
        schema = {"type": "integer" if whole else "number", "minimum": low, "maximum": high}
    return {"anyOf": [schema, {"type": "null"}], "description": feature.help}


Context = Annotated[
    dict[str, Any],
    Meta(
        description="Market conditions at entry and whatever else may explain the trade: an open "
        "object of at most 16 kB and 20 levels. These names have a fixed meaning:",
        extra_json_schema=_OPEN
        | {"properties": {feature.name: _feature(feature) for feature in COMMON_CONTEXT}},
    ),
]

# The schemas that ``shared`` names; StrategyName depends on who asks.
SHARED: dict[str, dict[str, Any]] = {
    "Time": {
        "anyOf": [
            {"type": "number", "minimum": 631_152_000, "maximum": 7_258_118_399},
            {"type": "string", "pattern": ISO},
        ],
        "description": "A time from 1990 to 2199: ISO 8601 with an offset, or seconds since 1970.",
    },
    "Positive": {
        "anyOf": [
            {"type": "number", "minimum": 1e-12, "maximum": 1e12},
            {"type": "string", "pattern": rf"^\+?{_ABOVE_ZERO}$"},
        ],
        "description": "An amount above 0 as a number or decimal string, rounded half to even to "
        "15 significant digits; at most 1e12, at least 1e-12.",
    },
    "Amount": {
        "anyOf": [
            {"type": "number", "enum": [0]},
            {"type": "number", "minimum": 1e-12, "maximum": 1e12},
            {"type": "number", "minimum": -1e12, "maximum": -1e-12},
            {"type": "string", "pattern": rf"^([+-]?{_ABOVE_ZERO}|[+-]?0)$"},
        ],
        "description": "An amount as a number or decimal string, rounded half to even to 15 "
        "significant digits; 0, or of a magnitude from 1e-12 to 1e12.",
    },
    "Json": {
        "anyOf": [
            {"type": "null"},
            {"type": "boolean"},
            {"type": "number", "description": "Whole numbers have at most 64 bits."},
            {"type": "string", "pattern": _NO_NUL},
            {"type": "array", "items": {"$ref": "#/components/schemas/Json"}},
            {
                "type": "object",
                "propertyNames": _NAMES,
                "additionalProperties": {"$ref": "#/components/schemas/Json"},
            },
        ],
        "description": "Any JSON, nested at most 20 deep.",
    },
    "FieldErrors": {
        "type": "object",
        "description": "Errors by field.",
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
}

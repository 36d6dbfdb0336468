"""Values that requests and answers are made of, as JSON Schema."""

from __future__ import annotations

from typing import Any

from trading.ingest import state
from trading.ingest.trade_schema import PNL_LIMIT
from trading.strategies import REGISTRY
from trading.validation import limits

Schema = dict[str, Any]
WHOLE = 2**63 - 1
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


def text(low: int, high: int, description: str = "") -> Schema:
    """A text that every database can hold."""
    return {
        "type": "string",
        "minLength": low,
        "maxLength": high,
        "pattern": r"^[^\u0000]*$",
        **described(description),
    }


def matching(pattern: str, description: str = "") -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$", **described(description)}


def whole(low: int, high: int, description: str = "") -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, **described(description)}


def number(low: float, high: float, description: str = "") -> Schema:
    return {"type": "number", "minimum": low, "maximum": high, **described(description)}


def words(choices, description: str = "") -> Schema:
    return {"type": "string", "enum": list(choices), **described(description)}


def described(description: str) -> Schema:
    return {"description": description} if description else {}


def either(*schemas: Schema, description: str = "") -> Schema:
    return {"anyOf": list(schemas), **described(description)}


def nullable(schema: Schema) -> Schema:
    return either(schema, {"type": "null"})


def array(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(**properties: Schema) -> Schema:
    """An object that always has all of its fields, and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def strategy_name(own: tuple[str, ...] = ()) -> Schema:
    """Names of the strategies there are; ``own`` are those that the asking bot declared."""
    keys = [name for one in REGISTRY.values() for name in (one.key, *one.aliases)] + list(own)
    return matching(
        rf"({'|'.join(keys)})(@[a-z0-9_.-]{{1,40}})?",
        "Key or alias of a strategy, with an optional @label for an instance with parameters, "
        "state and experiments of its own. Strategies that a bot declared itself stand here when "
        "the schema is asked for with its token.",
    )


MARKET = matching(limits.MARKET.pattern, "Name of a market; case counts.")
TIME, POSITIVE, AMOUNT = ref("Time"), ref("Positive"), ref("Amount")
_TIME = either(
    number(631_152_000, 7_258_118_399, "Seconds since 1970."),
    {"type": "string", "pattern": ISO, "description": "ISO 8601 with an offset."},
    description="A moment from 1990 to 2199: ISO 8601 with an offset, or seconds since 1970.",
)
_POSITIVE = either(
    number(1e-12, 1e12),
    {"type": "string", "pattern": rf"^\+?{_ABOVE_ZERO}$"},
    description="An amount above 0 as a number or decimal string, rounded half to even to 15 "
    "significant digits; at most 1e12, at least 1e-12.",
)
_AMOUNT = either(
    {"type": "number", "enum": [0]},
    number(1e-12, 1e12),
    number(-1e12, -1e-12),
    {"type": "string", "pattern": rf"^([+-]?{_ABOVE_ZERO}|[+-]?0)$"},
    description="An amount as a number or decimal string, rounded half to even to 15 significant "
    "digits; 0, or of a magnitude from 1e-12 to 1e12.",
)
FLOAT_TEXT = {"type": "string", "pattern": r"^[+-]?0{0,3}[0-9]{1,6}(\.[0-9]{0,20})?$"}
PERCENT = either(number(-PNL_LIMIT, PNL_LIMIT), FLOAT_TEXT)
PRICE = number(1e-12, 1e12)
_JSON: Schema = either(
    {"type": "null"},
    {"type": "boolean"},
    {"type": "number", "description": "Whole numbers have at most 64 bits."},
    {"type": "string", "pattern": r"^[^\u0000]*$"},
    array({"$ref": "#/components/schemas/Json"}),
    {
        "type": "object",
        "propertyNames": {"pattern": r"^[^\u0000]*$", "not": {"enum": ["__proto__"]}},
        "additionalProperties": {"$ref": "#/components/schemas/Json"},
    },
    description="Any JSON, nested at most 20 deep.",
)
OPEN: Schema = {
    "type": "object",
    "maxProperties": limits.KEYS,
    "propertyNames": {"pattern": r"^[^\u0000]*$", "not": {"enum": ["__proto__"]}},
    "additionalProperties": {"$ref": "#/components/schemas/Json"},
}
COMPONENTS = {"Time": _TIME, "Positive": _POSITIVE, "Amount": _AMOUNT, "Json": _JSON}
STATE_KEY = matching(state.KEY.pattern, "Name of a value.")
# What answers write.
MOMENT = {
    "type": "string",
    "format": "date-time",
    "description": "ISO 8601, UTC, with microseconds.",
}
DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
NUMBER = {"type": "number"}
COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}

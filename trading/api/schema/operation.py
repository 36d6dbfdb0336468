"""What the description of one operation consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trading.api.schema import parts
from trading.api.schema.parts import Schema


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    text: str
    schema: Schema
    required: bool = False
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    schema: Schema | None = None
    example: Any = None
    tagged: bool = False
    csv: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    tag: str
    summary: str
    text: str
    answers: dict[int, Answer]
    body: Schema | None = None
    example: Any = None
    parameters: tuple[Parameter, ...] = ()
    errors: dict[int, tuple[str, Schema]] = field(default_factory=dict)


def query(name: str, text: str, schema: Schema, required: bool = False) -> Parameter:
    return Parameter(name, text, schema, required)


def limit(default: int, most: int, what: str) -> Parameter:
    return query("limit", f"How many {what} at most.", parts.whole(1, most) | {"default": default})


def batch(example: dict[str, Any]) -> dict[int, Answer]:
    """The answers to a batch of rows."""
    counts = parts.ref("Counts")
    some = example | {
        "rejected": [{"index": 1, "id": "t-2", "errors": {"size": ["must be above 0"]}}]
    }
    return {
        200: Answer("All rows were known already.", counts, example | {"stored": 0}),
        201: Answer("All rows were accepted, and some are new.", counts, example),
        207: Answer("Some rows were rejected; all others are stored.", counts, some),
        400: Answer(
            "All rows were rejected, or the request was not understood; nothing was stored.",
            parts.either(counts, parts.ref("Error"), parts.ref("FieldErrors")),
        ),
    }


STRATEGY = query("strategy", "Only this strategy (instance).", parts.ref("StrategyName"))
MARKET = query("market", "Only this market.", parts.MARKET)
MODE = query("mode", "live or paper.", parts.words(("live", "paper")))
VERSION = query(
    "version", "Only trades made under this parameter version.", parts.whole(1, 2**31 - 1)
)
# In an address a moment is a text, seconds too.
ANY_MOMENT = parts.either(
    {"type": "string", "pattern": r"^(7|8|9)[0-9]{8}(\.[0-9]{1,6})?$"},
    {"type": "string", "pattern": r"^[1-6][0-9]{9}(\.[0-9]{1,6})?$"},
    {"type": "string", "pattern": parts.ISO},
)
SINCE = query("since", "From this moment on.", ANY_MOMENT)
UNTIL = query("until", "Before this moment.", ANY_MOMENT)
AS_OF = query("as_of", "As it was then: what happened later does not count.", ANY_MOMENT)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "The ETag of the answer you have; unchanged is answered 304.",
    parts.TEXT,
    place="header",
)

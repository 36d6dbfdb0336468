"""How a view's method is described; ``trading.api.schema`` makes OpenAPI of it when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import msgspec

from trading.validation import field_types as types
from trading.validation.fields import Errors

Method = TypeVar("Method", bound=Callable[..., Any])
Kind = Any  # a type that msgspec describes; a tuple of types: any of them; None: no JSON


class Out(msgspec.Struct, forbid_unknown_fields=True):
    """An answer: it has all of its fields and no other."""


class Error(Out):
    detail: str


FieldErrors = Annotated[Errors, types.shared("FieldErrors")]


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    kind: Kind = None
    example: Any = None
    etag: bool = False
    csv: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Kind
    text: str
    required: bool = False
    default: Any = None
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    tag: str
    answers: Mapping[int, Answer]
    body: Kind = None
    example: Any = None
    parameters: Sequence[Parameter] = ()
    errors: Mapping[int, tuple[str, Kind]] = field(default_factory=dict)

    @property
    def query_names(self) -> list[str]:
        return [parameter.name for parameter in self.parameters if parameter.place == "query"]


def describe(tag: str, answers: Mapping[int, Answer], **more: Any) -> Callable[[Method], Method]:
    """Describe a method of an Endpoint; its docstring is the operation's summary and text.

    The method takes the query parameters that are named here and no others.
    """
    operation = Operation(tag, answers, **more)

    def decorate(method: Method) -> Method:
        method.operation = operation  # type: ignore[attr-defined]  # as DRF's @action does
        return method

    return decorate


def limit(default: int, most: int, what: str) -> Parameter:
    kind = Annotated[int, types.between(1, most)]
    return Parameter("limit", kind, f"Maximum number of {what}.", default=default)


STALE = "The stored one is newer, or differs at the same time; here it is."
NO_STRATEGY: dict[int, tuple[str, Kind]] = {404: ("There is no such strategy.", Error)}
IdInPath = Annotated[str, types.matching("[0-9]{1,18}")]
CURSOR = Parameter(
    "cursor",
    Annotated[str, types.matching(r"[0-9]{1,18}-[0-9]{1,18}")],
    "The `next` of the page before.",
)
STRATEGY = Parameter("strategy", types.StrategyName, "Only this strategy (instance).")
MARKET = Parameter("market", types.Market, "Only this market.")
MODE = Parameter("mode", types.Mode, "live or paper.")
VERSION = Parameter("version", types.Version, "Only trades of this parameter version.")
# In a URL a time is a text, seconds too.
TimeText = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "anyOf": [
                {"pattern": r"^(7|8|9)[0-9]{8}(\.[0-9]{1,6})?$"},
                {"pattern": r"^[1-6][0-9]{9}(\.[0-9]{1,6})?$"},
                {"pattern": types.ISO},
            ]
        }
    ),
]
SINCE = Parameter("since", TimeText, "From this time on.")
UNTIL = Parameter("until", TimeText, "Before this time.")
AS_OF = Parameter("as_of", TimeText, "As known at this time; later events do not count.")
FORMAT = Parameter("format", Annotated[str, types.one_of(("json", "csv"))], "json or csv.")
IF_NONE_MATCH = Parameter(
    "If-None-Match", str, "The ETag of the answer you have; 304 if nothing changed.", place="header"
)
EXPERIMENT = Parameter("experiment", IdInPath, "Its id.", True, place="path")

"""Requests as structs, and their errors by field."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from trading.models import Experiment
from trading.parameters.errors import REASON_LENGTH
from trading.validation import field_types as types
from trading.validation.fields import Errors

Struct = TypeVar("Struct", bound=msgspec.Struct)


class In(msgspec.Struct, forbid_unknown_fields=True):
    """A request. Unknown fields are refused: a typo must not lose data."""


MAX_INTERVAL = 31 * 86_400  # seconds
Reason = Annotated[
    str, types.text(1, REASON_LENGTH, "Why; shown in the history.", pattern=types.NOT_BLANK)
]
SeenVersion = Annotated[
    int,
    types.between(
        1,
        types.INT32,
        "The live version that the change is based on. If another one is live by now, the answer "
        "is 409 with the differences.",
    ),
]
ExperimentStatus = Annotated[str, types.one_of(Experiment.Status.values)]
Identifier = Annotated[str, types.matching(r"[A-Za-z_][A-Za-z0-9_]{0,63}")]
Values = Annotated[
    dict[str, Any],
    Meta(description="Values by parameter name; those left out keep their declared default."),
]
Guardrail = Annotated[
    int | float, types.between(1e-6, 1e6, "Guardrail: percentage points of an arm's total.")
]
_CANDLE = {
    "type": "array",
    "minItems": 5,
    "maxItems": 6,
    "description": "[open_time, open, high, low, close, volume]: low <= open, close <= high, "
    "volume null where unknown, open_time a multiple of the interval.",
    "prefixItems": [
        {"$ref": "#/components/schemas/Time"},
        *[{"type": "number", "minimum": 1e-12, "maximum": 1e12}] * 4,
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1e300}, {"type": "null"}]},
    ],
}


class CandlesIn(In):
    market: types.Market
    interval: Annotated[int, types.between(1, MAX_INTERVAL, "Seconds.")]
    # Rows are converted one by one: a wrong one is rejected, not the batch.
    candles: Annotated[list[Any], Meta(extra_json_schema={"items": _CANDLE})]
    as_of: types.AsOf | None = None


class BricksIn(In):
    strategy: types.StrategyName
    market: types.Market
    bricks: Annotated[
        list[Any], Meta(extra_json_schema={"items": {"$ref": "#/components/schemas/BrickIn"}})
    ]


class BrickIn(In):
    sequence: Annotated[
        int, types.between(0, types.INT64, "Numbered without gaps within a request.")
    ]
    open_time: types.Time
    close_time: types.Time
    open: types.Price
    close: types.Price
    direction: Annotated[int | str, types.one_of((1, -1, "up", "down"))]
    high: types.Price
    low: types.Price
    size: types.Price


class StateIn(In):
    value: types.Json
    as_of: types.AsOf


class EvaluationIn(In, rename={"from_": "from"}):
    strategy: types.StrategyName
    market: types.Market
    from_: types.Time
    to: types.Time
    evaluations: types.Whole
    signals: types.Whole
    blocked: Annotated[
        dict[str, types.Whole],
        Meta(
            extra_json_schema={
                "maxProperties": 100,
                "propertyNames": types.text(1, 64).extra_json_schema,
            }
        ),
    ] = {}


class HeartbeatIn(In):
    version: Annotated[str, types.text(0, 64)] | types.Whole | None = None
    started_at: types.Time | None = None
    status: Annotated[str, types.text(0, 200)] | types.OpenObject | None = None
    parameter_set: types.Whole | None = None
    time: types.Time | None = None
    extra: types.OpenObject = {}


class ParametersIn(In):
    values: Values
    reason: Reason
    version: SeenVersion | None = None


class RollbackIn(In):
    to: Annotated[int, types.between(1, types.INT32, "The version to go back to.")]
    reason: Reason
    version: SeenVersion | None = None


class ParameterIn(In):
    name: Identifier
    type: Annotated[str, types.one_of(("number", "integer", "choice", "boolean"))]
    default: Any
    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    choices: list[str] | None = None
    unit: str | None = None
    help: str | None = None


class StrategyIn(In):
    key: Annotated[str, types.matching(r"[a-z0-9_]{1,40}")]
    parameters: list[ParameterIn]
    title: Annotated[str, types.text(0, 100)] = ""
    features: Annotated[list[Identifier], Meta(extra_json_schema={"uniqueItems": True})] = []
    # Stored for whoever reads the declaration; the product does not act on these three yet.
    autonomy: str | None = None
    minimum_size: Annotated[float, types.between(0, 1)] | None = None
    arms: Annotated[list[Values], Meta(description="Sets of values to compare.")] = []


class ArmIn(In):
    name: Annotated[
        str,
        Meta(
            extra_json_schema={
                **(types.text(1, 64).extra_json_schema or {}),
                "not": {"const": "control"},
            }
        ),
    ]
    values: (
        Annotated[
            dict[str, Any],
            Meta(description="Values that differ from the live ones, by parameter name."),
        ]
        | None
    ) = None
    version: (
        Annotated[int, types.between(1, types.INT32, "An earlier version, instead of values.")]
        | None
    ) = None


class ExperimentIn(In):
    strategy: types.StrategyName
    name: Annotated[str, types.text(1, 64, pattern=types.NOT_BLANK)]
    reason: Reason
    arms: Annotated[list[ArmIn], Meta(extra_json_schema={"minItems": 1, "maxItems": 5})]
    design: Annotated[str, types.one_of(("ab", "before_after"))] = "ab"
    shares: Annotated[
        list[Annotated[int, types.between(1, 20)]],
        Meta(
            description="Whole numbers: the share of the control, then of each arm; equal shares "
            "if left out.",
            extra_json_schema={"maxItems": 6},
        ),
    ] = []
    max_trades: (
        Annotated[int, types.between(2, 10**9, "Ends after so many trades in all arms.")] | None
    ) = None
    max_days: (
        Annotated[int | float, types.between(0.01, 3_650, "Ends after so many days.")] | None
    ) = None
    max_drawdown_pct: Guardrail | None = None
    max_loss_pct: Guardrail | None = None
    block_seconds: (
        Annotated[int, types.between(60, 604_800, "How long each arm runs before switching.")]
        | None
    ) = None
    before_days: Annotated[
        int, types.between(1, 3_650, "Before/after: days before the start to compare with.")
    ] = 30
    notes: Annotated[str, types.text(0, 10_000)] = ""
    seed: Annotated[int, types.between(0, types.INT64, "Seed of the order of arms.")] | None = None
    start: bool = True


class NothingIn(In):
    pass


class ReasonIn(In):
    reason: Reason


class PromoteIn(In):
    arm: Annotated[str, types.text(1, 64)]
    reason: Reason


class ClockIn(In):
    now: types.Time


_PATH = re.compile(r" - at `\$([^`]*)`$")


def convert(value: Any, kind: type[Struct]) -> Struct | Errors:
    """Return the struct, or all errors keyed by field name."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeError, OverflowError) as error:
        if not isinstance(value, dict):
            return {"detail": ["must be an object"]}
        return _explain(value, kind) or {"detail": [str(error)]}


def _explain(value: dict[str, Any], kind: type[Struct]) -> Errors:
    """All errors at once; msgspec stops at the first."""
    errors: Errors = {}
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value.keys() - known.keys():
        errors[_shown(name)] = ["is not a field here"]
    for name, field in known.items():
        if name not in value:
            if field.required:
                errors[name] = ["is required"]
            continue
        try:
            msgspec.convert(value[name], field.type)
        except (msgspec.ValidationError, UnicodeError, OverflowError) as error:
            errors[name] = [_PATH.sub("", str(error))]
    return errors


def _shown(name: str) -> str:
    return name[:64].encode("ascii", "backslashreplace").decode()

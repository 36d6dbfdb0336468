"""What requests look like, one struct per direction, and how their errors are told."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from trading.ingest.trade_schema import Number

Errors = dict[str, list[str]]
Struct = TypeVar("Struct", bound=msgspec.Struct)


class In(msgspec.Struct, forbid_unknown_fields=True):
    """A typing error must not lose data: unknown fields are refused."""


class CandlesIn(In):
    market: str
    interval: int
    candles: list[Any]
    as_of: Number | None = None


class BricksIn(In):
    strategy: str
    market: str
    bricks: list[Any]


class BrickIn(In):
    sequence: int
    open_time: Number
    close_time: Number
    open: int | float
    close: int | float
    direction: int | str
    high: int | float
    low: int | float
    size: int | float


class StateIn(In):
    value: Any
    as_of: Number


class EvaluationIn(In, rename={"from_": "from"}):
    strategy: str
    market: str
    from_: Number
    to: Number
    evaluations: int
    signals: int
    blocked: dict[str, int] = {}


class HeartbeatIn(In):
    version: str | int | None = None
    started_at: Number | None = None
    status: str | dict[str, Any] | None = None
    parameter_set: int | None = None
    time: Number | None = None
    extra: dict[str, Any] = {}


class ParametersIn(In):
    values: dict[str, Any]
    reason: str
    version: int | None = None


class RollbackIn(In):
    to: int
    reason: str
    version: int | None = None


class ParameterIn(In):
    name: str
    type: str
    default: Any
    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    choices: list[str] | None = None
    unit: str | None = None
    help: str | None = None


class StrategyIn(In):
    key: str
    parameters: list[ParameterIn]
    title: str = ""
    features: list[str] = []
    autonomy: str | None = None
    minimum_size: float | None = None
    arms: list[dict[str, Any]] = []


class ArmIn(In):
    name: str
    values: dict[str, Any] | None = None
    version: int | None = None


class ExperimentIn(In):
    strategy: str
    name: str
    reason: str
    arms: list[ArmIn]
    design: str = "ab"
    shares: list[int] = []
    max_trades: int | None = None
    max_days: int | float | None = None
    max_drawdown_pct: int | float | None = None
    max_loss_pct: int | float | None = None
    block_seconds: int | None = None
    before_days: int = 30
    notes: str = ""
    seed: int | None = None
    start: bool = True


class NothingIn(In):
    pass


class ReasonIn(In):
    reason: str


class PromoteIn(In):
    arm: str
    reason: str


class ClockIn(In):
    now: Number


_PATH = re.compile(r" - at `\$([^`]*)`$")


def convert(value: Any, kind: type[Struct]) -> Struct | Errors:
    """The struct, or every error keyed by field name."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeError, OverflowError) as error:
        if not isinstance(value, dict):
            return {"detail": ["must be an object"]}
        return _explain(value, kind) or {"detail": [str(error)]}


def _explain(value: dict[str, Any], kind: type[Struct]) -> Errors:
    """The library stops at the first error; people want them all at once."""
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

"""Requests: their fields come from the structs that read them, their bounds from here."""

from __future__ import annotations

from typing import Any

import msgspec

from trading.api import requests
from trading.api.schema import parts
from trading.api.schema.parts import Schema
from trading.api.views.market import LONGEST_INTERVAL
from trading.ingest.positions import PositionReport
from trading.ingest.trade_schema import TradeIn
from trading.strategies.common import COMMON_CONTEXT
from trading.validation import limits

KINDS = (
    TradeIn,
    PositionReport,
    requests.CandlesIn,
    requests.BricksIn,
    requests.BrickIn,
    requests.StateIn,
    requests.EvaluationIn,
    requests.HeartbeatIn,
    requests.ParametersIn,
    requests.RollbackIn,
    requests.StrategyIn,
    requests.ClockIn,
    requests.ExperimentIn,
    requests.NothingIn,
    requests.ReasonIn,
    requests.PromoteIn,
)
_NOT_BLANK = {"pattern": r"^[^\u0000]*\S[^\u0000]*$"}
REASON = parts.text(1, 500, "Why; it is what you will look for later.") | _NOT_BLANK
SEEN = parts.nullable(parts.whole(1, 2**31 - 1)) | parts.described(
    "The version that the change was decided by. Where another one is live by now the answer is "
    "409, with what became different."
)
VALUES = {
    "type": "object",
    "description": "Values by parameter name; those left out take their declared default.",
}


def _feature(feature: Any) -> Schema:
    bounds = {"entry_hour": (0, 23), "entry_day_of_week": (0, 6)}.get(feature.name)
    if feature.kind == "boolean":
        found: Schema = {"type": "boolean"}
    elif feature.kind == "category":
        found = parts.words(feature.choices)
    else:
        found = parts.whole(*bounds) if bounds else parts.number(-1e300, 1e300)
    return parts.nullable(found) | parts.described(feature.help)


CONTEXT = parts.OPEN | {
    "description": "What the market looked like, and whatever else is worth learning from: an "
    "open object of at most 16 kB and 20 levels. These names have a meaning of their own:",
    "properties": {feature.name: _feature(feature) for feature in COMMON_CONTEXT},
}
CANDLE = {
    "type": "array",
    "minItems": 5,
    "maxItems": 6,
    "description": "[open_time, open, high, low, close, volume]: low <= open, close <= high, "
    "volume null where unknown, open_time a multiple of the interval.",
    "prefixItems": [parts.TIME, *[parts.PRICE] * 4, parts.nullable(parts.number(0, 1e300))],
}
COMMON: dict[str, Schema] = {
    "market": parts.MARKET,
    "side": parts.words(("long", "short")),
    **dict.fromkeys(("entry_price", "exit_price", "size"), parts.POSITIVE),
    **dict.fromkeys(("stop_loss", "take_profit", "initial_size"), parts.nullable(parts.POSITIVE)),
    **dict.fromkeys(
        ("entry_time", "exit_time", "open_time", "close_time", "from", "to", "now"), parts.TIME
    ),
    "as_of": parts.TIME
    | {"description": "The moment this speaks of; what is older than the stored one is refused."},
    "extra": parts.OPEN,
    "reason": REASON,
}
OWN: dict[str, dict[str, Schema]] = {
    "TradeIn": {
        "id": parts.matching(limits.ID.pattern, "The bot's own id: stored once per bot."),
        "exit_reason": parts.text(1, 40) | _NOT_BLANK,
        "pnl_pct": parts.nullable(parts.PERCENT),
        **dict.fromkeys(("pnl", "fee", "pnl_usd", "fee_usd"), parts.nullable(parts.AMOUNT)),
        "parameter_set": parts.nullable(parts.whole(0, parts.WHOLE)),
        "arm": parts.nullable(parts.text(0, 64)),
        "mode": parts.words(("live", "paper")),
        "tag": parts.text(0, 500),
        "currency": parts.matching(limits.CURRENCY.pattern),
        "leverage": parts.nullable(
            parts.either(
                parts.number(1e-9, 1e4),
                {"type": "string", "pattern": r"^[1-9][0-9]{0,2}(\.[0-9]{1,4})?$"},
            )
        ),
        "context": parts.nullable(CONTEXT),
        "revision": parts.whole(0, parts.WHOLE, "A higher one corrects what is stored."),
    },
    "PositionReport": {
        "order_id": parts.matching(r"[!-~]{0,64}"),
        "scaled_entries": parts.array(parts.ref("Json"), maxItems=1_000),
    },
    "CandlesIn": {
        "interval": parts.whole(1, LONGEST_INTERVAL, "Seconds."),
        "candles": parts.array(CANDLE),
        "as_of": parts.nullable(parts.TIME),
    },
    "BricksIn": {"bricks": parts.array(parts.ref("BrickIn"))},
    "BrickIn": {
        "sequence": parts.whole(0, parts.WHOLE, "Numbered without gaps within a request."),
        "direction": {"enum": [1, -1, "up", "down"]},
        **dict.fromkeys(("open", "close", "high", "low", "size"), parts.PRICE),
    },
    "StateIn": {"value": parts.ref("Json")},
    "EvaluationIn": {
        **dict.fromkeys(("evaluations", "signals"), parts.whole(0, parts.WHOLE)),
        "blocked": {
            "type": "object",
            "maxProperties": 100,
            "propertyNames": parts.text(1, 64),
            "additionalProperties": parts.whole(0, parts.WHOLE),
        },
    },
    "HeartbeatIn": {
        "version": parts.nullable(parts.either(parts.text(0, 64), parts.whole(0, parts.WHOLE))),
        "status": parts.nullable(parts.either(parts.text(0, 200), parts.OPEN)),
        "parameter_set": parts.nullable(parts.whole(0, parts.WHOLE)),
        "started_at": parts.nullable(parts.TIME),
        "time": parts.nullable(parts.TIME),
    },
    "ParametersIn": {"values": VALUES, "version": SEEN},
    "RollbackIn": {"to": parts.whole(1, 2**31 - 1, "The version to go back to."), "version": SEEN},
    "StrategyIn": {
        "key": parts.matching(r"[a-z0-9_]{1,40}"),
        "title": parts.text(0, 100),
        "features": parts.array(parts.matching(r"[A-Za-z_][A-Za-z0-9_]{0,63}"), uniqueItems=True),
        "minimum_size": parts.nullable(parts.number(0, 1)),
        "arms": parts.array(VALUES, description="Sets of values to be tried against each other."),
    },
    "ParameterIn": {
        "name": parts.matching(r"[A-Za-z_][A-Za-z0-9_]{0,63}"),
        "type": parts.words(("number", "integer", "choice", "boolean")),
    },
    "ArmIn": {
        "name": parts.text(1, 64) | {"not": {"const": "control"}},
        "values": parts.nullable(
            VALUES | {"description": "Values that differ from the live ones, by parameter name."}
        ),
        "version": parts.nullable(
            parts.whole(1, 2**31 - 1, "An earlier version, in place of values.")
        ),
    },
    "ExperimentIn": {
        "name": parts.text(1, 64) | _NOT_BLANK,
        "arms": parts.array(parts.ref("ArmIn"), minItems=1, maxItems=5),
        "design": parts.words(("ab", "before_after")),
        "shares": parts.array(
            parts.whole(1, 20),
            maxItems=6,
            description="Whole numbers: of the "
            "control, then of each arm; all alike where left out.",
        ),
        "max_trades": parts.nullable(parts.whole(2, 10**9, "Ends after so many in all arms.")),
        "max_days": parts.nullable(parts.number(0.01, 3_650, "Ends after so many days.")),
        **{
            name: parts.nullable(
                parts.number(1e-6, 1e6, "Guardrail: percentage points of an arm's total.")
            )
            for name in ("max_drawdown_pct", "max_loss_pct")
        },
        "block_seconds": parts.nullable(
            parts.whole(60, 604_800, "How long an arm is told at a time.")
        ),
        "before_days": parts.whole(1, 3_650, "Before/after: how far to look back."),
        "notes": parts.text(0, 10_000),
        "seed": parts.nullable(parts.whole(0, parts.WHOLE, "Of the order of arms.")),
    },
    "NothingIn": {},
    "ReasonIn": {},
    "PromoteIn": {"arm": parts.text(1, 64)},
    "ClockIn": {},
}


def components(own: tuple[str, ...]) -> dict[str, Schema]:
    """Every request by name. ``own`` are the keys that the asking bot declared itself."""
    _, found = msgspec.json.schema_components(KINDS, ref_template="#/components/schemas/{name}")
    for name, schema in found.items():
        schema.pop("title", None)
        known = COMMON | {"strategy": parts.strategy_name(own)} | OWN.get(name, {})
        for field, described in schema["properties"].items():
            if field in known:
                default = {"default": described["default"]} if "default" in described else {}
                schema["properties"][field] = known[field] | default
    return found

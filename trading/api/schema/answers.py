"""Answers, by name."""

from __future__ import annotations

import numpy as np

from trading.api.schema import parts
from trading.api.schema.parts import (
    COUNT,
    DECIMAL,
    MOMENT,
    NUMBER,
    TEXT,
    Schema,
    array,
    nullable,
    record,
    ref,
    words,
)
from trading.ledger import metrics, tally
from trading.models import Mode, Side, Status

_MESSAGES = array(TEXT, minItems=1)
_ANY: Schema = {}
_LABEL = nullable(TEXT)
_BY_CURRENCY = {"type": "object", "additionalProperties": NUMBER}
_INTERVAL = nullable(array(NUMBER, minItems=2, maxItems=2))


def _metrics() -> dict[str, Schema]:
    """The metrics by name, as the ledger gives them."""
    none = np.zeros(0)
    daily = metrics.Daily(none, np.zeros(0, np.int64))
    names = metrics.from_tally(tally.empty(1)[0], daily, 0.0)
    names |= metrics.from_columns(metrics.Columns(none, none, none))
    counts = ("trades", "wins", "losses", "breakeven")
    found = {name: nullable(NUMBER) for name in names}
    found |= dict.fromkeys(counts, COUNT)
    found |= {name: _INTERVAL for name in names if name.endswith("_interval")}
    found |= dict.fromkeys(("total_pnl", "total_fees", "max_drawdown_money"), _BY_CURRENCY)
    return found


_METRICS = record(key=_LABEL, **_metrics())
_METRICS["properties"] |= {"open_positions": COUNT, "open_pnl": nullable(NUMBER)}

COMPONENTS: dict[str, Schema] = {
    **parts.COMPONENTS,
    "Error": record(detail=TEXT),
    "FieldErrors": {
        "type": "object",
        "description": "What is wrong, by field.",
        "additionalProperties": _MESSAGES,
    },
    "Counts": record(
        stored=COUNT,
        updated=COUNT,
        unchanged=COUNT,
        rejected=array(
            record(
                index=COUNT | parts.described("Which row of the request."),
                id=TEXT,
                errors=ref("FieldErrors"),
            )
        ),
    ),
    "Trade": record(
        id=TEXT,
        strategy=TEXT,
        market=TEXT,
        side=words(Side.values),
        entry_price=DECIMAL,
        exit_price=DECIMAL,
        size=DECIMAL,
        entry_time=MOMENT,
        exit_time=MOMENT,
        exit_reason=TEXT,
        pnl_pct=NUMBER | parts.described("Percent of the entry notional, net of fees."),
        pnl=DECIMAL,
        fee=nullable(DECIMAL),
        stop_loss=nullable(DECIMAL),
        parameter_set=nullable(COUNT),
        arm=_LABEL,
        mode=words(Mode.values),
        tag=TEXT,
        currency=TEXT,
        leverage=nullable(NUMBER),
        flagged={
            "type": "boolean",
            "description": "The reported pnl_pct differs from the prices by more than fees and "
            "0.02 percentage points explain.",
        },
        revision=COUNT,
        context=nullable({"type": "object"}),
    ),
    "Trades": record(
        trades=array(ref("Trade")),
        next=_LABEL | parts.described("Cursor of the next page; null on the last."),
    ),
    "Position": record(
        strategy=TEXT,
        market=TEXT,
        side=words(Side.values),
        entry_price=DECIMAL,
        size=DECIMAL,
        stop_loss=nullable(DECIMAL),
        take_profit=nullable(DECIMAL),
        entry_time=MOMENT,
        as_of=MOMENT,
        order_id=TEXT,
        initial_size=nullable(DECIMAL),
        scaled_entries=array(_ANY),
        extra={"type": "object"},
    ),
    "StalePosition": record(detail=TEXT, stored=nullable(ref("Position"))),
    "Deleted": record(deleted=parts.whole(0, 1)),
    "Candles": record(
        market=TEXT,
        interval=COUNT,
        candles=array(array(nullable(NUMBER), minItems=6, maxItems=6))
        | parts.described(
            "[open_time (epoch seconds), open, high, low, close, volume or null], ascending."
        ),
    ),
    "Brick": record(
        sequence=COUNT,
        open_time=MOMENT,
        close_time=MOMENT,
        open=NUMBER,
        close=NUMBER,
        direction={"type": "integer", "enum": [1, -1]},
        high=NUMBER,
        low=NUMBER,
        size=NUMBER,
    ),
    "Bricks": record(strategy=TEXT, market=TEXT, bricks=array(ref("Brick"))),
    "StateEntry": record(key=TEXT, value=_ANY, as_of=MOMENT),
    "StaleState": record(detail=TEXT, stored=ref("StateEntry")),
    "Told": record(
        strategy=TEXT,
        version=COUNT,
        values={"type": "object", "description": "Every parameter of the strategy."},
        experiment=_LABEL,
        arm=_LABEL,
        size=parts.number(0, 1, "Share of its normal position size that the evidence allows."),
        status=words(Status.values),
        valid_until=nullable(MOMENT),
    ),
    "Recovery": record(
        parameters=array(ref("Told")),
        positions=array(ref("Position")),
        candles=array(ref("Candles")),
        bricks=array(ref("Bricks")),
        state={"type": "object", "additionalProperties": ref("StateEntry")},
        server_time=MOMENT,
    ),
    "Change": record(
        strategy=TEXT,
        parameter_name=TEXT,
        old_value=_ANY,
        new_value=_ANY,
        changed_at=MOMENT,
        changed_by=TEXT,
        reason=TEXT,
        version=COUNT,
        performance_before=nullable(NUMBER),
        performance_after=nullable(NUMBER),
        trades_before=nullable(COUNT),
        trades_after=nullable(COUNT),
    ),
    "StaleChange": record(
        detail=TEXT,
        version=COUNT | parts.described("The version that is live."),
        reason=TEXT,
        difference=array(record(parameter_name=TEXT, old_value=_ANY, new_value=_ANY))
        | parts.described("From the version that the caller saw to the one that is live."),
    ),
    "Strategy": record(
        key=TEXT,
        title=TEXT,
        aliases=array(TEXT),
        summary=TEXT,
        groups=array(record(key=TEXT, label=TEXT)),
        parameters=array(
            record(
                type=words(("number", "integer", "choice", "boolean")),
                name=TEXT,
                default=_ANY,
                low=nullable(NUMBER),
                high=nullable(NUMBER),
                step=nullable(NUMBER),
                log=nullable({"type": "boolean"}),
                choices=nullable(array(TEXT)),
                unit=TEXT,
                group=TEXT,
                help=TEXT,
                tuned={"type": "boolean"},
            )
        ),
        rules=array(record(rule=TEXT, lower=TEXT, upper=TEXT, or_equal={"type": "boolean"})),
        features=array(ref("Feature")),
        filters=array(TEXT),
        exit_reasons=array(TEXT),
        replayable={"type": "boolean"},
        candle_interval=nullable(COUNT),
        context=array(ref("Feature")),
    ),
    "Feature": record(
        name=TEXT,
        kind=words(("number", "category", "boolean")),
        unit=TEXT,
        help=TEXT,
        choices=nullable(array(TEXT)),
        at=words(("entry", "exit")),
    ),
    "Heartbeat": record(
        parameters_etag=TEXT | parts.described("The ETag that GET parameters/ would have now."),
        server_time=MOMENT,
    ),
    "Metrics": _METRICS,
    "Clock": record(now=MOMENT),
    "ClockMoved": record(now=MOMENT, events=array({"type": "object"})),
}

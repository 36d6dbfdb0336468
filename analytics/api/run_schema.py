"""What the addresses of replays are for, and what they answer."""

from __future__ import annotations

from typing import Any

from analytics.models import Run
from trading.api.schema import parts
from trading.api.schema.operation import MARKET, Answer, Operation, Parameter, limit, query
from trading.api.schema.parts import (
    COUNT,
    MOMENT,
    NUMBER,
    TEXT,
    array,
    nullable,
    record,
    ref,
    words,
)

_OBJECT = {"type": "object"}
_RUN = {
    "id": COUNT,
    "kind": words(Run.Kind.values),
    "state": words(Run.State.values),
    "progress": NUMBER,
    "error": TEXT,
    "label": TEXT,
    "strategy": TEXT,
    "market": TEXT,
    "interval": COUNT,
    "from": nullable(MOMENT),
    "to": nullable(MOMENT),
    "bars": COUNT,
    "costs": _OBJECT,
    "data_hash": TEXT,
    "code_version": TEXT,
    "metrics": nullable(_OBJECT),
    "created_at": MOMENT,
    "ended_at": nullable(MOMENT),
}
_TRADE = record(
    side=words(("long", "short")),
    entry_at=MOMENT,
    exit_at=MOMENT,
    entry_price=NUMBER,
    exit_price=NUMBER,
    pnl_pct=NUMBER,
    exit_reason=TEXT,
    stop_loss=NUMBER,
    take_profit=NUMBER,
    context=_OBJECT,
    features=_OBJECT,
)
_WHOLE = record(
    **_RUN,
    values=_OBJECT,
    options=_OBJECT,
    summary=_OBJECT,
    funnel=nullable(_OBJECT),
    trades_in_all=COUNT,
    trades=array(_TRADE),
)
EXAMPLE: dict[str, Any] = {
    "id": 4,
    "kind": "backtest",
    "state": "done",
    "progress": 1.0,
    "error": "",
    "label": "",
    "strategy": "rsi_bb",
    "market": "BTC-PERP",
    "interval": 60,
    "from": None,
    "to": None,
    "bars": 44640,
    "costs": {"fee_bps": 5.0, "spread_bps": 1.0, "slippage_bps": 1.0, "source": "as given"},
    "data_hash": "6a09e667f3bcc908b2fb1366ea957d3e",
    "code_version": "9b05688c2b3e6c1f",
    "metrics": {"trades": 1, "win_rate": 1.0, "total_pnl_pct": 0.08},
    "created_at": "2025-03-03T11:00:00.000000Z",
    "ended_at": "2025-03-03T11:00:02.000000Z",
}
_STORED = EXAMPLE | {
    "values": {"stop_loss_bps": 4.0},
    "options": {"intrabar": None, "next_open": False},
    "summary": {"gaps": 0},
    "funnel": {"evaluations": 10, "signals": 1, "blocked": {"volatility": 9}},
    "trades_in_all": 1,
    "trades": [
        {
            "side": "long",
            "entry_at": "2025-03-02T11:00:00.000000Z",
            "exit_at": "2025-03-02T11:02:00.000000Z",
            "entry_price": 100.0,
            "exit_price": 100.1,
            "pnl_pct": 0.08,
            "exit_reason": "take_profit",
            "stop_loss": 99.96,
            "take_profit": 100.08,
            "context": {"volatility_bps": 3.1},
            "features": {"rsi_value": 61.2},
        }
    ],
}
_PLACE = Parameter("run", "Its id.", parts.matching("[0-9]{1,18}"), True, "path")

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("Runs", "GET"): Operation(
        "Replays",
        "List replays, newest first",
        "Replays of the bot, and those that were made for no bot: what was asked, of which "
        "candles and which code, and the metrics, as of live trades.",
        {
            200: Answer(
                "A page of replays.",
                record(runs=array(record(**_RUN)), next=nullable(COUNT)),
                {"runs": [EXAMPLE], "next": None},
            )
        },
        parameters=(
            query("strategy", "Only of this strategy.", ref("StrategyName")),
            MARKET,
            query("kind", "Only this kind.", words(Run.Kind.values)),
            query("state", "Only this state.", words(Run.State.values)),
            query("cursor", "Where the page before ended.", parts.whole(1, 2**63 - 1)),
            limit(100, 500, "replays"),
        ),
    ),
    ("OneRun", "GET"): Operation(
        "Replays",
        "Read a replay",
        "Everything about it, its trades in order of their exits. They are in no list of the "
        "bot's own trades. The summary of one held against live trades has the figures and the "
        "verdict as `fidelity`, that of old values since a change its effect as `shadow`; "
        "`counted` is the funnel as the bot counted it, `opened` what would let it trade.",
        {200: Answer("The replay.", _WHOLE, _STORED)},
        parameters=(
            _PLACE,
            limit(1_000, 10_000, "trades"),
            query("skip", "So many trades are passed over.", parts.whole(0, 10**9)),
        ),
        errors={404: ("There is no such replay.", ref("Error"))},
    ),
}

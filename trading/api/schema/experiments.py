"""Operations about experiments."""

from __future__ import annotations

from typing import Any

from trading.api.schema import parts
from trading.api.schema.operation import AS_OF, STRATEGY, Answer, Operation, Parameter, limit, query
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
from trading.models import Experiment

_STATUS, _DESIGN = words(Experiment.Status.values), words(Experiment.Design.values)
_BRIEF = {
    "id": COUNT,
    "name": TEXT,
    "strategy": TEXT,
    "design": _DESIGN,
    "status": _STATUS,
    "reason": TEXT,
    "notes": TEXT,
    "author": TEXT,
    "created_at": MOMENT,
    "started_at": nullable(MOMENT),
    "ended_at": nullable(MOMENT),
    "ended_by": TEXT,
    "end_reason": TEXT,
    "decision": nullable(words(("promoted", "kept"))),
    "promoted": nullable(COUNT),
    "seed": {"type": "integer"},
    "block_seconds": COUNT,
    "before_days": COUNT,
    "max_trades": nullable(COUNT),
    "max_days": nullable(NUMBER),
    "max_drawdown_pct": nullable(NUMBER),
    "max_loss_pct": nullable(NUMBER),
}
_DIFFERENCE = record(
    avg_pnl_pct=NUMBER | parts.described("Of the arm less the control's, percentage points."),
    low=nullable(NUMBER),
    high=nullable(NUMBER),
    trades_needed=nullable(COUNT),
)
_ARM = record(
    name=TEXT,
    control={"type": "boolean"},
    share=COUNT,
    values={"type": "object"},
    version=nullable(COUNT),
    mode=nullable(TEXT),
    metrics=nullable({"type": "object"}),
    told_seconds=nullable(NUMBER),
    blocks=nullable(COUNT),
    blocks_asked=nullable(COUNT),
    pct_per_day=nullable(NUMBER),
    difference=nullable(_DIFFERENCE),
    verdict=nullable(words(("better", "worse", "cannot tell"))),
    sentence=nullable(TEXT),
)
_BLOCK = record(number=COUNT, arm=TEXT, starts_at=MOMENT, ends_at=nullable(MOMENT), told_at=MOMENT)
_WHOLE = record(
    **_BRIEF,
    trades=COUNT,
    ends_at=nullable(MOMENT),
    oddities=array(TEXT),
    arms=array(_ARM),
    blocks=array(_BLOCK) | parts.described("The newest 500 in which the bot asked, ascending."),
)
_FORMAT = query("format", "csv for a table with a row per arm.", words(("json", "csv")))

BRIEF: dict[str, Any] = {
    "id": 3,
    "name": "stop_loss_6",
    "strategy": "rsi_bb",
    "design": "ab",
    "status": "active",
    "reason": "Stops are hit before the move",
    "notes": "",
    "author": "token sl_ab12",
    "created_at": "2025-03-03T10:00:00.000000Z",
    "started_at": "2025-03-03T10:00:00.000000Z",
    "ended_at": None,
    "ended_by": "",
    "end_reason": "",
    "decision": None,
    "promoted": None,
    "seed": 48151623,
    "block_seconds": 3600,
    "before_days": 30,
    "max_trades": 400,
    "max_days": None,
    "max_drawdown_pct": 5.0,
    "max_loss_pct": None,
}
_CONTROL = {
    "name": "control",
    "control": True,
    "share": 1,
    "values": {"stop_loss_bps": 4.0},
    "version": 4,
    "mode": "live",
    "metrics": {"trades": 41, "avg_pnl_pct": -0.012},
    "told_seconds": 43200.0,
    "blocks": 12,
    "blocks_asked": 12,
    "pct_per_day": -0.984,
    "difference": None,
    "verdict": None,
    "sentence": None,
}
WHOLE = BRIEF | {
    "trades": 79,
    "ends_at": None,
    "oddities": [],
    "arms": [
        _CONTROL,
        _CONTROL
        | {
            "name": "B",
            "control": False,
            "values": {"stop_loss_bps": 6.0},
            "version": 5,
            "metrics": {"trades": 38, "avg_pnl_pct": 0.004},
            "pct_per_day": 0.304,
            "difference": {
                "avg_pnl_pct": 0.016,
                "low": -0.061,
                "high": 0.093,
                "trades_needed": 900,
            },
            "verdict": "cannot tell",
            "sentence": "Cannot tell yet: 41 and 38 trades; about 900 each would be needed for a "
            "difference this size.",
        },
    ],
    "blocks": [
        {
            "number": 0,
            "arm": "B",
            "starts_at": "2025-03-03T10:00:00.000000Z",
            "ends_at": "2025-03-03T11:00:00.000000Z",
            "told_at": "2025-03-03T10:00:04.000000Z",
        }
    ],
}
NEW = {
    "strategy": "rsi_bb",
    "name": "stop_loss_6",
    "reason": "Stops are hit before the move",
    "arms": [{"name": "B", "values": {"stop_loss_bps": 6.0}}],
    "max_trades": 400,
    "max_drawdown_pct": 5.0,
}
_PLACE = Parameter("experiment", "Its id.", parts.matching("[0-9]{1,18}"), True, "path")
_NONE = {404: ("The bot has no such experiment.", ref("Error"))}
_REFUSED = {409: ("Its state, or that of the parameters, does not allow this.", ref("Error"))}


def _step(summary: str, text: str, body: str, example: dict[str, Any]) -> Operation:
    return Operation(
        "Experiments",
        summary,
        text,
        {200: Answer("The experiment.", _WHOLE, WHOLE)},
        ref(body),
        example,
        (_PLACE,),
        _NONE | _REFUSED,
    )


_REASON = {"reason": "The exchange was down for half of it"}
OPERATIONS: dict[tuple[str, str], Operation] = {
    ("Experiments", "GET"): Operation(
        "Experiments",
        "List experiments, the newest first",
        "What was compared, and how it ended. GET experiments/{id}/ has the results.",
        {
            200: Answer(
                "The experiments.",
                record(experiments=array(record(**_BRIEF))),
                {"experiments": [BRIEF]},
                csv=True,
            )
        },
        parameters=(
            STRATEGY,
            query("status", "Only this status.", _STATUS),
            limit(50, 500, "experiments"),
            _FORMAT,
        ),
    ),
    ("Experiments", "POST"): Operation(
        "Experiments",
        "Start an experiment",
        "Arms take turns by blocks of time (ab), or the one candidate is told from now on "
        "(before_after). The control is what is live. GET parameters/ then answers with the "
        "version of the arm whose turn it is, its name, and until when that holds; a bot needs to "
        "do nothing but use what it is told. One experiment per strategy at a time.",
        {201: Answer("The experiment.", _WHOLE, WHOLE)},
        ref("ExperimentIn"),
        NEW,
        errors={404: ("There is no such strategy.", ref("Error"))} | _REFUSED,
    ),
    ("OneExperiment", "GET"): Operation(
        "Experiments",
        "Read an experiment",
        "Its arms side by side, and what can be said.",
        {200: Answer("The experiment.", _WHOLE, WHOLE, csv=True)},
        parameters=(_PLACE, AS_OF, _FORMAT),
        errors=_NONE,
    ),
    ("Start", "POST"): _step(
        "Start a planned experiment", "For one that was made with start: false.", "NothingIn", {}
    ),
    ("Stop", "POST"): _step(
        "Stop an experiment", "What is live is told again. It decides nothing.", "ReasonIn", _REASON
    ),
    ("Promote", "POST"): _step(
        "Promote an arm",
        "Its values become a new version, live at once; an active experiment ends by it.",
        "PromoteIn",
        {"arm": "B", "reason": "Better, more than chance explains"},
    ),
    ("Keep", "POST"): _step(
        "Keep the control",
        "What is live stays so; an active experiment ends by it.",
        "ReasonIn",
        {"reason": "No difference in 400 trades"},
    ),
}

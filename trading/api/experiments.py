"""An experiment as the API answers it, with an example."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from trading.api.answers import Count, Moment, Object, time, time_or_none
from trading.api.operation import Out
from trading.api.requests import ExperimentStatus
from trading.experiments.comparison import Comparison, Side
from trading.models import Experiment
from trading.performance import as_numbers
from trading.validation import field_types as types

BLOCKS = 500


class ExperimentBrief(Out):
    id: Count
    name: str
    strategy: str
    design: Annotated[str, types.one_of(Experiment.Design.values)]
    status: ExperimentStatus
    reason: str
    notes: str
    author: str
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    ended_by: str
    end_reason: str
    decision: Annotated[str, types.one_of(("promoted", "kept"))] | None
    promoted: Count | None
    seed: int
    block_seconds: Count
    before_days: Count
    max_trades: Count | None
    max_days: float | None
    max_drawdown_pct: float | None
    max_loss_pct: float | None


class ExperimentsOut(Out):
    experiments: list[ExperimentBrief]


class ArmDifference(Out):
    avg_pnl_pct: Annotated[
        float, Meta(description="Of the arm minus that of the control, percentage points.")
    ]
    low: float | None
    high: float | None
    trades_needed: Count | None


class ArmOut(Out):
    name: str
    control: bool
    share: Count
    values: Object
    version: Count | None
    mode: str | None
    metrics: Object | None
    served_seconds: float | None
    blocks: Count | None
    blocks_asked: Count | None
    pct_per_day: float | None
    difference: ArmDifference | None
    verdict: Annotated[str, types.one_of(("better", "worse", "cannot tell"))] | None
    sentence: str | None


class BlockOut(Out):
    number: Count
    arm: str
    starts_at: Moment
    ends_at: Moment | None
    served_at: Moment


class ExperimentOut(ExperimentBrief):
    trades: Count
    ends_at: Moment | None
    oddities: list[str]
    arms: list[ArmOut]
    blocks: Annotated[
        list[BlockOut], Meta(description=f"The newest {BLOCKS} in which the bot asked, ascending.")
    ]


def brief(experiment: Experiment) -> ExperimentBrief:
    return ExperimentBrief(**_fields(experiment))


def _fields(experiment: Experiment) -> dict[str, Any]:
    copied = ("name", "design", "status", "reason", "notes", "ended_by", "end_reason", "seed")
    limits = ("max_trades", "max_days", "max_drawdown_pct", "max_loss_pct")
    names = (*copied, "block_seconds", "before_days", *limits)
    return {
        "id": experiment.pk,
        "strategy": experiment.instance.name,
        "author": experiment.by,
        "created_at": time(experiment.created_at),
        "started_at": time_or_none(experiment.started_at),
        "ended_at": time_or_none(experiment.ended_at),
        "decision": experiment.decision or None,
        "promoted": experiment.promoted.version if experiment.promoted else None,
        **{name: getattr(experiment, name) for name in names},
    }


def whole(comparison: Comparison) -> ExperimentOut:
    experiment = comparison.experiment
    blocks = experiment.blocks.select_related("arm").order_by("-number")[:BLOCKS]
    return ExperimentOut(
        **_fields(experiment),
        trades=comparison.trades,
        ends_at=time_or_none(comparison.ends_at),
        oddities=comparison.oddities,
        arms=[_arm(side) for side in comparison.sides],
        blocks=[
            BlockOut(
                number=block.number,
                arm=block.arm.name,
                starts_at=time(block.starts_at),
                ends_at=time_or_none(block.ends_at),
                served_at=time(block.served_at),
            )
            for block in reversed(blocks)
        ],
    )


def _arm(side: Side) -> ArmOut:
    arm, result, against = side.arm, side.result, side.against
    return ArmOut(
        name=arm.name,
        control=arm.control,
        share=arm.share,
        values=arm.values,
        version=arm.parameter_set.version if arm.parameter_set else None,
        mode=result.selection.mode if result else None,
        metrics=as_numbers(result.metrics) if result else None,
        served_seconds=side.served.total_seconds() if side.served is not None else None,
        blocks=side.blocks,
        blocks_asked=side.asked,
        pct_per_day=side.pct_per_day,
        difference=None
        if against is None
        else ArmDifference(
            avg_pnl_pct=against.difference,
            low=against.low,
            high=against.high,
            trades_needed=against.trades_needed(),
        ),
        verdict=side.verdict.word if side.verdict else None,
        sentence=side.verdict.sentence if side.verdict else None,
    )


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
    "served_seconds": 43200.0,
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
            "sentence": "No result yet: 41 and 38 trades; about 900 each are needed for a "
            "difference this size.",
        },
    ],
    "blocks": [
        {
            "number": 0,
            "arm": "B",
            "starts_at": "2025-03-03T10:00:00.000000Z",
            "ends_at": "2025-03-03T11:00:00.000000Z",
            "served_at": "2025-03-03T10:00:04.000000Z",
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

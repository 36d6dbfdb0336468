"""The arm of a running experiment that is served now, and the log of served blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trading import clock
from trading.assignment import plans
from trading.assignment.schedule import Plan
from trading.db import best_effort
from trading.models import ArmBlock, Experiment, ExperimentArm, StrategyInstance


@dataclass(frozen=True, slots=True)
class Turn:
    """The served arm, its block, and the end of the block; None where that is open."""

    experiment: Experiment
    arm: ExperimentArm
    number: int
    until: datetime | None


def now(instance: StrategyInstance, *, noted: bool = True) -> Turn | None:
    """The arm served now; None if no experiment runs or its days are over.

    The block is logged if ``noted``, unless another transaction is writing.
    """
    experiment = Experiment.objects.of(instance).active().first()
    if experiment is None:
        return None
    arms = list(experiment.arms.select_related("parameter_set").order_by("place"))
    plan, served = plans.of(experiment, arms)
    at = clock.to_micros(clock.now())
    if not plan.holds(at):
        return None
    number = 0 if len(served) == 1 else plan.number(at)
    ends = plan.until(at)
    until = None if ends is None else clock.from_micros(ends)
    turn = Turn(experiment, served[plan.arm(number)], number, until)
    if noted:
        _log(turn, plan, at)
    return turn


def _log(turn: Turn, plan: Plan, at: int) -> None:
    if ArmBlock.objects.filter(experiment=turn.experiment, number=turn.number).exists():
        return
    starts = plan.start if len(plan.shares) == 1 else plan.start + turn.number * plan.length
    best_effort.once(
        ArmBlock,
        experiment_id=turn.experiment.pk,
        number=turn.number,
        arm_id=turn.arm.pk,
        starts_at=clock.from_micros(starts),
        ends_at=turn.until,
        served_at=clock.from_micros(at),
    )

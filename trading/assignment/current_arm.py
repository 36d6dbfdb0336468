"""Whose turn it is in a running experiment, and the log of what bots were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trading import clock
from trading.assignment import plans
from trading.assignment.schedule import Plan
from trading.db import best_effort
from trading.db.commit_cache import Memory
from trading.models import ArmBlock, Experiment, ExperimentArm, StrategyInstance

_logged: Memory[int, int] = Memory()  # of each experiment, the newest block that is logged


@dataclass(frozen=True, slots=True)
class Turn:
    """The arm that is told, in which block, and until when; None where that is open."""

    experiment: Experiment
    arm: ExperimentArm
    number: int
    until: datetime | None


def now(instance: StrategyInstance, *, noted: bool = True) -> Turn | None:
    """Whose turn it is; None where no experiment runs, or its days are over. Noted in the log,
    but where nothing can be written."""
    experiment = Experiment.objects.filter(
        instance=instance, status=Experiment.Status.ACTIVE
    ).first()
    if experiment is None:
        return None
    arms = list(experiment.arms.select_related("parameter_set").order_by("place"))
    plan, told = plans.of(experiment, arms)
    at = clock.to_micros(clock.now())
    if not plan.holds(at):
        return None
    number = 0 if len(told) == 1 else plan.number(at)
    ends = plan.until(at)
    turn = Turn(
        experiment,
        told[plan.arm(number)],
        number,
        None if ends is None else clock.from_micros(ends),
    )
    if noted:
        _log(turn, plan, at)
    return turn


def _log(turn: Turn, plan: Plan, at: int) -> None:
    if _logged.get(turn.experiment.pk) == turn.number:
        return
    starts = plan.start if len(plan.shares) == 1 else plan.start + turn.number * plan.length
    written = best_effort.once(
        ArmBlock,
        experiment_id=turn.experiment.pk,
        number=turn.number,
        arm_id=turn.arm.pk,
        starts_at=clock.from_micros(starts),
        ends_at=turn.until,
        told_at=clock.from_micros(at),
    )
    if written:
        _logged.keep(turn.experiment.pk, turn.number)

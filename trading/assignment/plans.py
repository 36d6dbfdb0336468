"""The plans of started experiments: which set was served when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from trading import clock
from trading.assignment.schedule import Plan
from trading.models import Experiment, ExperimentArm


@dataclass(frozen=True, slots=True)
class Sets:
    """A plan with the ids of the parameter sets of its served arms."""

    plan: Plan
    sets: tuple[int, ...]

    def at(self, moment: int) -> int | None:
        """The set served at a moment (microseconds); None if the experiment did not run."""
        return self.sets[self.plan.arm_at(moment)] if self.plan.holds(moment) else None


def started(instances: Collection[int]) -> dict[int, list[Sets]]:
    """Every started experiment of some instances, by instance."""
    arms = ExperimentArm.objects.filter(
        experiment__instance__in=instances, experiment__started_at__isnull=False
    )
    by_instance: dict[int, list[Sets]] = defaultdict(list)
    rows = arms.select_related("experiment").order_by("experiment_id", "place")
    for _, group in groupby(rows, key=lambda arm: arm.experiment_id):
        of_experiment = list(group)
        experiment = of_experiment[0].experiment
        plan, served = of(experiment, of_experiment)
        sets = tuple(arm.parameter_set_id or 0 for arm in served)
        by_instance[experiment.instance_id].append(Sets(plan, sets))
    return by_instance


def served_arms(design: str, arms: Sequence[ExperimentArm]) -> Sequence[ExperimentArm]:
    """The arms that bots are served, of all arms by place: all, or only the candidate."""
    return arms[1:] if design == Experiment.Design.BEFORE_AFTER else arms


def of(experiment: Experiment, arms: Sequence[ExperimentArm]) -> tuple[Plan, list[ExperimentArm]]:
    """The plan of a started experiment and its served arms; ``arms`` by place.

    It ends when it was ended or after its days, whether or not a process noticed.
    """
    served = list(served_arms(experiment.design, arms))
    started_at = clock.to_micros(experiment.started_at)
    ends = [] if experiment.ended_at is None else [clock.to_micros(experiment.ended_at)]
    if experiment.max_days:
        ends.append(started_at + round(experiment.max_days * clock.DAY))
    plan = Plan(
        experiment.seed,
        tuple(arm.share for arm in served),
        started_at,
        experiment.block_seconds * 1_000_000,
        min(ends, default=None),
    )
    return plan, served

"""What experiments tell bots, and told them: the plans of those that were started."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trading import clock
from trading.assignment.schedule import Plan
from trading.db import bulk
from trading.models import Experiment, ExperimentArm

_STARTED = (
    "SELECT e.instance_id, e.id, e.design, e.seed, e.block_seconds, e.max_days, e.started_at,"
    " e.ended_at, a.place, a.share, a.parameter_set_id"
    " FROM trading_experiment e JOIN trading_experimentarm a ON a.experiment_id = e.id"
    " WHERE e.started_at IS NOT NULL AND e.instance_id IN ({})"
    " ORDER BY e.id, a.place"
)


@dataclass(frozen=True, slots=True)
class Sets:
    """A plan, and the ids of the sets that its arms are told as."""

    plan: Plan
    sets: tuple[int, ...]

    def at(self, moment: int) -> int | None:
        """The set told at a moment (microseconds); None where the experiment did not run."""
        return self.sets[self.plan.arm_at(moment)] if self.plan.holds(moment) else None


def ask_started(instances: Iterable[int]) -> Callable[[], dict[int, list[Sets]]]:
    """Every started experiment of some instances, answered when it is called; ``bulk.ask``."""
    wanted = list(instances)
    asked = bulk.ask(_STARTED.format(bulk.placeholders(wanted)), wanted)

    def answer() -> dict[int, list[Sets]]:
        rows: dict[tuple, list] = defaultdict(list)
        for *experiment, place, share, set_ in asked():
            rows[tuple(experiment)].append((place, share, set_))
        found: dict[int, list[Sets]] = defaultdict(list)
        for (instance, _, *design), arms in rows.items():
            arms = told_arms(design[0], arms)
            plan = made(*design, shares=[share for _, share, _ in arms])
            found[instance].append(Sets(plan, tuple(set_ for *_, set_ in arms)))
        return found

    return answer


def told_arms(design: str, arms: Sequence) -> Sequence:
    """The arms that bots are told, of those of an experiment by place: all, or the candidate."""
    return arms[1:] if design == Experiment.Design.BEFORE_AFTER else arms


def made(
    design: str,
    seed: int,
    block_seconds: int,
    max_days: float | None,
    started_at: int,
    ended_at: int | None,
    *,
    shares: Sequence[int],
) -> Plan:
    """The plan of an experiment: it ends when it was ended, or after its days, though nobody was
    there to end it."""
    ends = [] if ended_at is None else [ended_at]
    if max_days:
        ends.append(started_at + round(max_days * clock.DAY))
    return Plan(seed, tuple(shares), started_at, block_seconds * 1_000_000, min(ends, default=None))


def of(experiment: Experiment, arms: Sequence[ExperimentArm]) -> tuple[Plan, list[ExperimentArm]]:
    """The plan of a started experiment and the arms that it tells; ``arms`` by place."""
    told = list(told_arms(experiment.design, arms))
    ended = None if experiment.ended_at is None else clock.to_micros(experiment.ended_at)
    plan = made(
        experiment.design,
        experiment.seed,
        experiment.block_seconds,
        experiment.max_days,
        clock.to_micros(experiment.started_at),
        ended,
        shares=[arm.share for arm in told],
    )
    return plan, told

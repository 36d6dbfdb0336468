"""An experiment with its arms side by side and the verdict on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from trading import clock, formatting
from trading.assignment import plans
from trading.experiments.results import Result, counted, planned_end, results
from trading.experiments.verdict import Verdict, verdict
from trading.ledger.arms import Difference, followed, paired, unlike
from trading.models import Experiment, ExperimentArm
from trading.parameters.diff import difference
from trading.performance import equity

POINTS = 400
UNLIKELY = 0.001  # p-value below which the bot asks unevenly


@dataclass(frozen=True, slots=True)
class Side:
    """An arm. ``result`` is None before the start. ``served`` is how long its blocks were,
    ``blocks`` how many, and ``asked`` in how many of them the bot asked for parameters; None for
    the control of a before/after. ``against`` and ``verdict`` compare it with the control."""

    arm: ExperimentArm
    result: Result | None
    served: timedelta | None
    blocks: int | None
    asked: int | None
    changes: list[dict[str, Any]]
    against: Difference | None
    verdict: Verdict | None

    @property
    def trades(self) -> int:
        return self.result.trades if self.result else 0

    @property
    def pct_per_day(self) -> float | None:
        """Total PnL % per served day: shows the worth of trading more often."""
        if not self.result or not self.served or not self.trades:
            return None
        return float(self.result.metrics["total_pnl_pct"]) / (self.served / timedelta(days=1))

    @property
    def trades_per_day(self) -> float | None:
        return self.trades / (self.served / timedelta(days=1)) if self.served else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``trades`` are those that count towards its end; ``oddities`` are sentences about what makes
    the comparison unfair."""

    experiment: Experiment
    sides: list[Side]
    trades: int
    ends_at: datetime | None
    oddities: list[str]


def compared(experiment: Experiment, as_of: datetime | None = None) -> Comparison:
    """Compare all arms of an experiment; ``as_of`` leaves out trades that closed later."""
    arms = list(experiment.arms.select_related("parameter_set").order_by("place"))
    by_arm = results(experiment, as_of)
    served = _served(experiment, arms, as_of or clock.now())
    sides = [_side(experiment, arms[0], arm, by_arm, served.get(arm.pk)) for arm in arms]
    trades = counted(experiment, by_arm)
    return Comparison(experiment, sides, trades, planned_end(experiment), _oddities(sides))


def _side(
    experiment: Experiment,
    control: ExperimentArm,
    arm: ExperimentArm,
    by_arm: Sequence[Result],
    served: tuple[int, int, int] | None,
) -> Side:
    blocks, micros, asked = served or (None, None, None)
    result = by_arm[arm.place] if by_arm else None
    changes = [] if arm.control else difference(experiment.instance, control.values, arm.values)
    against = conclusion = None
    if result and not arm.control:
        first = by_arm[0]
        if experiment.design == Experiment.Design.AB:
            against = paired(first.daily, result.daily, len(by_arm) - 1)
        else:
            against = followed(first.daily, result.daily)
        conclusion = verdict(experiment, arm.name, (first.trades, result.trades), against)
    return Side(
        arm,
        result,
        None if micros is None else timedelta(microseconds=micros),
        blocks,
        asked,
        changes,
        against,
        conclusion,
    )


def _served(
    experiment: Experiment, arms: Sequence[ExperimentArm], at: datetime
) -> dict[int, tuple[int, int, int]]:
    """Of each served arm: blocks, microseconds, and blocks in which the bot asked."""
    if experiment.started_at is None:
        return {}
    plan, served = plans.of(experiment, arms)
    moment = clock.to_micros(at)
    blocks, micros = plan.counted(moment)
    log = experiment.blocks.filter(served_at__lte=at)
    asked = dict(log.values_list("arm").annotate(Count("id")))
    return {
        arm.pk: (blocks[place], micros[place], min(asked.get(arm.pk, 0), blocks[place]))
        for place, arm in enumerate(served)
    }


def _oddities(sides: Sequence[Side]) -> list[str]:
    served = [side for side in sides if side.blocks]
    if len(served) < 2:
        return []
    sentences = []
    asked, blocks = [side.asked or 0 for side in served], [side.blocks or 0 for side in served]
    if unlike(asked, blocks) < UNLIKELY:
        shares = ", ".join(f"{side.arm} in {side.asked} of {side.blocks}" for side in served)
        sentences.append(
            f"The bot did not ask for parameters equally often in the blocks of all arms ({shares};"
            " p < 0.001). Check whether it stops or fails with one of them: until then the "
            "comparison is not fair."
        )
    strays = [str(side.arm) for side in served if side.trades and not side.asked]
    if strays:
        sentences.append(
            f"There are trades of {', '.join(strays)}, but the bot never asked for parameters in "
            "its blocks: check that it uses the served parameters."
        )
    return sentences


def curve(side: Side) -> list[tuple[datetime, float]]:
    """The cumulative PnL % of an arm, from 0, at most POINTS long; empty without trades."""
    if not side.trades or side.result is None:
        return []
    (points,) = equity(side.result.selection).values()
    return list(formatting.thin(points, POINTS))

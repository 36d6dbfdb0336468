"""An experiment as people and programs read it: its arms side by side, and what can be said."""

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
ODD = 0.001  # as rare as chance may be before a bot is said to ask unevenly


@dataclass(frozen=True, slots=True)
class Side:
    """An arm. ``result`` is None before the start; ``told`` how long the bot was to use it,
    ``blocks`` in how many stretches and ``asked`` in how many of those it asked, None for the
    control of a before/after; ``against`` and ``verdict`` hold it against the control."""

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
        """Total PnL % per day told: what trading more often is worth, beside the average."""
        if not self.result or not self.served or not self.trades:
            return None
        return float(self.result.metrics["total_pnl_pct"]) / (self.served / timedelta(days=1))

    @property
    def trades_per_day(self) -> float | None:
        return self.trades / (self.served / timedelta(days=1)) if self.served else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``trades`` are those that count towards its end; ``oddities`` are sentences of what does
    not look like a fair comparison."""

    experiment: Experiment
    sides: list[Side]
    trades: int
    ends_at: datetime | None
    oddities: list[str]


def compared(experiment: Experiment, as_of: datetime | None = None) -> Comparison:
    """All arms of an experiment; ``as_of`` leaves out trades that closed later."""
    arms = list(experiment.arms.select_related("parameter_set").order_by("place"))
    found = results(experiment, as_of)
    told = _told(experiment, arms, as_of or clock.now())
    sides = [_side(experiment, arms[0], arm, found, told.get(arm.pk)) for arm in arms]
    trades = counted(experiment, found)
    return Comparison(experiment, sides, trades, planned_end(experiment), _oddities(sides))


def _side(
    experiment: Experiment,
    control: ExperimentArm,
    arm: ExperimentArm,
    found: Sequence[Result],
    told: tuple[int, int, int] | None,
) -> Side:
    blocks, micros, asked = told or (None, None, None)
    result = found[arm.place] if found else None
    changes = [] if arm.control else difference(experiment.instance, control.values, arm.values)
    against = said = None
    if found and not arm.control:
        first = found[0]
        if experiment.design == Experiment.Design.AB:
            against = paired(first.daily, result.daily, len(found) - 1)
        else:
            against = followed(first.daily, result.daily)
        said = verdict(experiment, arm.name, (first.trades, result.trades), against)
    return Side(
        arm,
        result,
        None if micros is None else timedelta(microseconds=micros),
        blocks,
        asked,
        changes,
        against,
        said,
    )


def _told(
    experiment: Experiment, arms: Sequence[ExperimentArm], at: datetime
) -> dict[int, tuple[int, int, int]]:
    """Of each arm that is told: blocks, microseconds, and blocks in which the bot asked."""
    if experiment.started_at is None:
        return {}
    plan, told = plans.of(experiment, arms)
    moment = clock.to_micros(at)
    blocks, micros = plan.counted(moment)
    log = experiment.blocks.filter(told_at__lte=at)
    asked = dict(log.values_list("arm").annotate(Count("id")))
    return {
        arm.pk: (blocks[place], micros[place], min(asked.get(arm.pk, 0), blocks[place]))
        for place, arm in enumerate(told)
    }


def _oddities(sides: Sequence[Side]) -> list[str]:
    turns = [side for side in sides if side.blocks]
    if len(turns) < 2:
        return []
    said = []
    asked, blocks = [side.asked or 0 for side in turns], [side.blocks or 0 for side in turns]
    if unlike(asked, blocks) < ODD:
        shares = ", ".join(f"{side.arm} in {side.asked} of {side.blocks}" for side in turns)
        said.append(
            "The bot did not ask in all arms' blocks alike "
            f"({shares}): chance does that less than once in 1 000 experiments. Does it stop, or "
            "fail, with one of them? Until that is known the comparison is not fair."
        )
    strays = [str(side.arm) for side in turns if side.trades and not side.asked]
    if strays:
        said.append(
            f"Trades came under {', '.join(strays)}, though the bot never asked for its parameters "
            "in such a block: does it use what it is told?"
        )
    return said


def curve(side: Side) -> list[tuple[datetime, float]]:
    """The running total of an arm's PnL %, from 0, at most POINTS long; empty without trades."""
    if not side.trades or side.result is None:
        return []
    (found,) = equity(side.result.selection).values()
    return list(formatting.thin(found, POINTS))

"""What the arms of an experiment made, and when that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trading import clock
from trading.assignment import plans
from trading.experiments import lifecycle
from trading.ledger.metrics import Daily, Metrics
from trading.models import Experiment, ExperimentArm, Mode, Scope, Trade
from trading.performance import measure
from trading.performance.selection import Selection
from trading.rollups import windows

Status = Experiment.Status
BEFORE_AFTER = Experiment.Design.BEFORE_AFTER


@dataclass(frozen=True, slots=True)
class Result:
    """What an arm's trades add up to: the metrics of contract 4, and the sums of its days."""

    arm: ExperimentArm
    selection: Selection
    metrics: Metrics
    daily: Daily

    @property
    def trades(self) -> int:
        return int(self.metrics["trades"])


@dataclass(frozen=True, slots=True)
class Due:
    """When an experiment ends, or ended, by itself, and why."""

    at: datetime
    status: str
    reason: str


def results(experiment: Experiment, as_of: datetime | None = None) -> list[Result]:
    """One result per arm, the control first; none before the start.

    The sets of an A/B are its own, so their trades are the arm's, those included that were open
    when it ended. Before/after holds the candidate's trades against those that the live set
    closed in the days before. ``as_of`` leaves out what was closed later.
    """
    if experiment.started_at is None:
        return []
    mode = mode_of(experiment)
    found = []
    for arm in experiment.arms.select_related("parameter_set").order_by("place"):
        selection = _selection(experiment, arm, mode, as_of)
        [group] = measure(selection)
        found.append(Result(arm, selection, group.metrics, group.daily))
    return found


def _selection(
    experiment: Experiment, arm: ExperimentArm, mode: str, as_of: datetime | None
) -> Selection:
    since, until = experiment.started_at, as_of + clock.MICROSECOND if as_of else None
    if arm.control and experiment.design == BEFORE_AFTER:
        since, until = since - timedelta(days=experiment.before_days), since
    return Selection(
        instance=experiment.instance,
        version=arm.parameter_set.version,
        mode=mode,
        since=since,
        until=until,
    )


def mode_of(experiment: Experiment) -> str:
    """Live, but paper where the arms traded on paper only."""
    sets = experiment.arms.values("parameter_set")
    scopes = Scope.objects.filter(instance=experiment.instance, parameter_set__in=sets)
    modes = set(scopes.values_list("mode", flat=True))
    return Mode.PAPER if modes == {Mode.PAPER} else Mode.LIVE


def planned_end(experiment: Experiment) -> datetime | None:
    """When it ends by its days; None where it has no such end, or was not started."""
    if not experiment.max_days or not experiment.started_at:
        return None
    length = timedelta(microseconds=round(experiment.max_days * clock.DAY))
    return experiment.started_at + length


def counted(experiment: Experiment, found: list[Result]) -> int:
    """The trades that ``max_trades`` speaks of: those made since the start."""
    new = found[1:] if experiment.design == BEFORE_AFTER else found
    return sum(one.trades for one in new)


@dataclass(frozen=True, slots=True)
class _Total:
    """What decides about the end of an arm: trades, their PnL % in all, and its drawdown."""

    arm: ExperimentArm
    trades: int = 0
    total: float = 0.0
    drawdown: float = 0.0


def due(experiment: Experiment, as_of: datetime) -> Due | None:
    """Whether an active experiment ends by itself, by what was known at a moment."""
    found = _totals(experiment, as_of)
    ends = (_days(experiment, as_of), _trades(experiment, found), _guard(experiment, found, as_of))
    return min((one for one in ends if one), key=lambda one: one.at, default=None)


def _totals(experiment: Experiment, as_of: datetime) -> list[_Total]:
    """Of the arms that are told, from sums alone: they are looked at often."""
    arms = list(experiment.arms.order_by("place"))
    told = plans.served_arms(experiment.design, arms)
    scopes = list(
        Scope.objects.filter(
            instance=experiment.instance_id,
            kind=Scope.Kind.SET,
            mode=mode_of(experiment),
            parameter_set__in=[arm.parameter_set_id for arm in told],
        )
    )
    if not scopes:
        return [_Total(arm) for arm in told]
    window = clock.to_micros(experiment.started_at), clock.to_micros(as_of) + 1
    sums = list(zip(scopes, windows.sums(scopes, [window])[0], strict=True))
    found = []
    for arm in told:
        mine = [one for scope, one in sums if scope.parameter_set_id == arm.parameter_set_id]
        found.append(
            _Total(
                arm,
                sum(int(one["trades"]) for one in mine),
                sum(float(one["total"]) for one in mine),
                max((float(one["drawdown"]) for one in mine), default=0.0),
            )
        )
    return found


def _days(experiment: Experiment, as_of: datetime) -> Due | None:
    end = planned_end(experiment)
    if end is None or end > as_of:
        return None
    return Due(end, Status.COMPLETED, f"Its {experiment.max_days:g} days are over")


def _trades(experiment: Experiment, found: list[_Total]) -> Due | None:
    wanted = experiment.max_trades
    if not wanted or sum(one.trades for one in found) < wanted:
        return None
    last = Trade.objects.filter(
        parameter_set__in=[one.arm.parameter_set_id for one in found],
        book__mode=mode_of(experiment),
        exit_at__gte=experiment.started_at,
    ).order_by("exit_at", "id")[wanted - 1]
    return Due(last.exit_at, Status.COMPLETED, f"Its {wanted:,} trades are made")


def _guard(experiment: Experiment, found: list[_Total], as_of: datetime) -> Due | None:
    fall, loss = experiment.max_drawdown_pct, experiment.max_loss_pct
    for one in found:
        if one.arm.control:
            continue
        if fall and one.drawdown >= fall:
            return Due(
                as_of,
                Status.STOPPED,
                (
                    f"Guardrail: {one.arm} fell {one.drawdown:.3g} % from its highest point, and "
                    f"{fall:g} % is the limit"
                ),
            )
        if loss and -one.total >= loss:
            return Due(
                as_of,
                Status.STOPPED,
                (f"Guardrail: {one.arm} lost {-one.total:.3g} %, and {loss:g} % is the limit"),
            )
    return None


def watch(as_of: datetime) -> dict[str, Any]:
    """End what is due. Returns how many experiments were looked at, and what happened."""
    active = Experiment.objects.filter(status=Status.ACTIVE, started_at__lte=as_of)
    looked, events = 0, []
    for experiment in active.select_related("instance__bot").order_by("pk"):
        looked += 1
        found = due(experiment, as_of)
        if found:
            lifecycle.end(
                experiment=experiment, reason=found.reason, at=found.at, status=found.status
            )
            events.append(
                {
                    "type": "experiment_stopped",
                    "experiment": experiment.name,
                    "bot": experiment.instance.bot.name,
                    "strategy": experiment.instance.name,
                    "status": found.status,
                    "ended_at": clock.to_text(found.at),
                    "reason": found.reason,
                }
            )
    return {"experiments": looked, "events": events}


def any_active() -> bool:
    """Whether there is anything to watch."""
    return Experiment.objects.filter(status=Status.ACTIVE).exists()

"""Metrics of the arms of an experiment, and when they end it."""

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
    """An arm with the metrics of its trades and their daily sums."""

    arm: ExperimentArm
    selection: Selection
    metrics: Metrics
    daily: Daily

    @property
    def trades(self) -> int:
        return int(self.metrics["trades"])


@dataclass(frozen=True, slots=True)
class Due:
    """When and why an experiment ends by itself."""

    at: datetime
    status: str
    reason: str


def results(experiment: Experiment, as_of: datetime | None = None) -> list[Result]:
    """One result per arm, the control first; empty before the start.

    In an A/B test each arm has its own set and all of its trades, also those still open at the
    end. Before/after compares the candidate's trades with those that the live set closed in the
    days before. ``as_of`` leaves out trades closed later.
    """
    if experiment.started_at is None:
        return []
    mode = mode_of(experiment)
    by_arm = []
    for arm in experiment.arms.select_related("parameter_set").order_by("place"):
        selection = _selection(experiment, arm, mode, as_of)
        [group] = measure(selection)
        by_arm.append(Result(arm, selection, group.metrics, group.daily))
    return by_arm


def _selection(
    experiment: Experiment, arm: ExperimentArm, mode: str, as_of: datetime | None
) -> Selection:
    since, until = experiment.started_at, as_of + clock.MICROSECOND if as_of else None
    if since and arm.control and experiment.design == BEFORE_AFTER:
        since, until = since - timedelta(days=experiment.before_days), since
    return Selection(
        instance=experiment.instance,
        version=arm.parameter_set.version if arm.parameter_set else None,
        mode=mode,
        since=since,
        until=until,
    )


def mode_of(experiment: Experiment) -> str:
    """Live, or paper if the arms traded on paper only."""
    sets = experiment.arms.values("parameter_set")
    scopes = Scope.objects.filter(instance=experiment.instance, parameter_set__in=sets)
    modes = set(scopes.values_list("mode", flat=True))
    return Mode.PAPER if modes == {Mode.PAPER} else Mode.LIVE


def planned_end(experiment: Experiment) -> datetime | None:
    """The end by ``max_days``; None without one, or before the start."""
    if not experiment.max_days or not experiment.started_at:
        return None
    length = timedelta(microseconds=round(experiment.max_days * clock.DAY))
    end: datetime = experiment.started_at + length
    return end


def counted(experiment: Experiment, results: list[Result]) -> int:
    """The trades that count towards ``max_trades``: those since the start."""
    since_start = results[1:] if experiment.design == BEFORE_AFTER else results
    return sum(result.trades for result in since_start)


@dataclass(frozen=True, slots=True)
class _Total:
    """Sums of an arm: trades, total PnL % and drawdown in percentage points."""

    arm: ExperimentArm
    trades: int = 0
    total: float = 0.0
    drawdown: float = 0.0


def due(experiment: Experiment, as_of: datetime) -> Due | None:
    """The first end of an active experiment that is reached at ``as_of``, if any."""
    totals = _totals(experiment, as_of)
    ends = (
        _by_days(experiment, as_of),
        _by_trades(experiment, totals),
        _by_guardrail(experiment, totals, as_of),
    )
    return min((end for end in ends if end), key=lambda end: end.at, default=None)


def _totals(experiment: Experiment, as_of: datetime) -> list[_Total]:
    """Of the arms that are served, from rollups alone: they are read often."""
    arms = list(experiment.arms.order_by("place"))
    served = plans.served_arms(experiment.design, arms)
    scopes = list(
        Scope.objects.filter(
            instance=experiment.instance_id,
            kind=Scope.Kind.SET,
            mode=mode_of(experiment),
            parameter_set__in=[arm.parameter_set_id for arm in served],
        )
    )
    if not scopes:
        return [_Total(arm) for arm in served]
    window = clock.to_micros(experiment.started_at), clock.to_micros(as_of) + 1
    sums = list(zip(scopes, windows.sums(scopes, [window])[0], strict=True))
    totals = []
    for arm in served:
        own = [tally for scope, tally in sums if scope.parameter_set_id == arm.parameter_set_id]
        totals.append(
            _Total(
                arm,
                sum(int(tally["trades"]) for tally in own),
                sum(float(tally["total"]) for tally in own),
                max((float(tally["drawdown"]) for tally in own), default=0.0),
            )
        )
    return totals


def _by_days(experiment: Experiment, as_of: datetime) -> Due | None:
    end = planned_end(experiment)
    if end is None or end > as_of:
        return None
    return Due(end, Status.COMPLETED, f"Planned length of {experiment.max_days:g} days reached")


def _by_trades(experiment: Experiment, totals: list[_Total]) -> Due | None:
    wanted = experiment.max_trades
    if not wanted or sum(total.trades for total in totals) < wanted:
        return None
    last = Trade.objects.filter(
        parameter_set__in=[total.arm.parameter_set_id for total in totals],
        book__mode=mode_of(experiment),
        exit_at__gte=experiment.started_at,
    ).order_by("exit_at", "id")[wanted - 1]
    return Due(last.exit_at, Status.COMPLETED, f"Planned length of {wanted:,} trades reached")


def _by_guardrail(experiment: Experiment, totals: list[_Total], as_of: datetime) -> Due | None:
    fall, loss = experiment.max_drawdown_pct, experiment.max_loss_pct
    for total in totals:
        if total.arm.control:
            continue
        if fall and total.drawdown >= fall:
            return Due(
                as_of,
                Status.STOPPED,
                f"Guardrail: drawdown of {total.arm} is {total.drawdown:.3g}% (limit {fall:g}%)",
            )
        if loss and -total.total >= loss:
            return Due(
                as_of,
                Status.STOPPED,
                f"Guardrail: loss of {total.arm} is {-total.total:.3g}% (limit {loss:g}%)",
            )
    return None


def watch(as_of: datetime) -> dict[str, Any]:
    """End the experiments that are due. Returns the number of active ones, and the events."""
    active = Experiment.objects.active().filter(started_at__lte=as_of)
    count, events = 0, []
    for experiment in active.select_related("instance__bot").order_by("pk"):
        count += 1
        end = due(experiment, as_of)
        if end:
            lifecycle.end(experiment=experiment, reason=end.reason, at=end.at, status=end.status)
            events.append(
                {
                    "type": "experiment_stopped",
                    "experiment": experiment.name,
                    "bot": experiment.instance.bot.name,
                    "strategy": experiment.instance.name,
                    "status": end.status,
                    "ended_at": clock.to_text(end.at),
                    "reason": end.reason,
                }
            )
    return {"experiments": count, "events": events}


def any_active() -> bool:
    """Whether any experiment is active."""
    return Experiment.objects.active().exists()

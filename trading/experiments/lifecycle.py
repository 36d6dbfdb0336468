"""The life cycle of an experiment: start, end, decide.

A started experiment has sets of its own, which alternate in blocks and never go live: a trade with
such a set belongs to its arm, however late it is reported. The live set does not change; only
``promote`` changes it, by making the values of an arm a new version.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from trading import clock, parameters
from trading.assignment import attribution
from trading.bots.catalog import strategy_of
from trading.db import locks
from trading.experiments.design import apart, live_set
from trading.models import Experiment, ExperimentArm, Origin, ParameterSet, StrategyInstance
from trading.parameters import errors
from trading.parameters.errors import Refused

Status = Experiment.Status


def start(*, experiment: Experiment, author: User | None = None, made_by: str = "") -> Experiment:
    """Start a planned experiment: from now on the bot is served its arms.

    Raises Refused, also as Frozen.
    """
    with transaction.atomic():
        instance = _locked(experiment)
        if experiment.status != Status.PLANNED:
            raise Refused({"experiment": [f"{experiment} was started already."]})
        other = Experiment.objects.of(instance).active().first()
        if other:
            raise Refused(
                {
                    "experiment": [
                        f"{instance} runs the experiment {other} since "
                        f"{other.started_at:%Y-%m-%d %H:%M} UTC, and one at a time: stop that "
                        "first."
                    ]
                }
            )
        _create_sets(instance, experiment, author, made_by)
        experiment.status, experiment.started_at = Status.ACTIVE, clock.now()
        experiment.save(update_fields=("status", "started_at"))
        StrategyInstance.objects.filter(pk=instance.pk).update(experiment=experiment.name)
    return experiment


def _locked(experiment: Experiment) -> StrategyInstance:
    """The instance, under the bot's lock, with the experiment as it is stored now."""
    locks.lock_bot(experiment.instance.bot_id)
    experiment.refresh_from_db()
    return StrategyInstance.objects.select_related("bot").get(pk=experiment.instance_id)


def _create_sets(
    instance: StrategyInstance, experiment: Experiment, author: User | None, made_by: str
) -> None:
    live, strategy = live_set(instance), strategy_of(instance)
    if live is None:
        raise Refused({"experiment": [f"{instance} has no live parameters."]})
    arms = list(experiment.arms.order_by("place"))
    # The control is the live set at the start, not at the time of planning.
    arms[0].values = strategy.complete(live.values)
    apart([(arm.name, arm.values) for arm in arms])
    for arm in arms:
        if arm.control and experiment.design == Experiment.Design.BEFORE_AFTER:
            arm.parameter_set = live
        else:
            why = f"version {live.version}, which was live" if arm.control else experiment.reason
            arm.parameter_set = parameters.set_aside(
                instance=instance,
                values=arm.values,
                author=author,
                made_by=made_by,
                reason=f"{arm.name} of the experiment {experiment}: {why}"[:500],
            )
        arm.save(update_fields=("values", "parameter_set"))


def end(
    *,
    experiment: Experiment,
    reason: str,
    by: str = "",
    at: datetime | None = None,
    status: str = Status.STOPPED,
) -> Experiment:
    """End an active experiment, now or at a past time: the live set is served again.

    Trades without a version that were entered since then are counted under the live set. Raises
    Refused.
    """
    reason = errors.reason(reason)
    with transaction.atomic():
        instance = _locked(experiment)
        if experiment.status == Status.PLANNED:
            experiment.status = Status.STOPPED
        elif experiment.status == Status.ACTIVE:
            experiment.status = status
            now = at or clock.now()
            experiment.ended_at = max(now, experiment.started_at or now)
            StrategyInstance.objects.filter(pk=instance.pk).update(experiment="")
        else:
            raise Refused({"experiment": [f"{experiment} is over already."]})
        experiment.ended_by, experiment.end_reason = by, reason
        experiment.save(update_fields=("status", "ended_at", "ended_by", "end_reason"))
        if experiment.ended_at:
            attribution.renew(instance, experiment.ended_at)
    return experiment


def promote(
    *,
    experiment: Experiment,
    arm: ExperimentArm,
    reason: str,
    author: User | None = None,
    made_by: str = "",
    seen: int | None = None,
) -> ParameterSet:
    """Make the values of an arm a new live version; ends an active experiment.

    Raises Refused, also as Stale or Frozen.
    """
    if arm.control or arm.experiment_id != experiment.pk:
        raise Refused({"arm": ["Choose an arm of this experiment other than the control."]})
    reason = errors.reason(reason)
    with transaction.atomic():
        instance = _locked(experiment)
        _check_open(experiment)
        if experiment.active:
            end(
                experiment=experiment,
                reason=f"{arm} is promoted: {reason}"[:500],
                by=_who(author, made_by),
            )
        version = parameters.promote(
            instance=instance,
            values=arm.values,
            origin=Origin.EXPERIMENT,
            author=author,
            made_by=made_by,
            seen=seen,
            reason=f"{arm} of the experiment {experiment}: {reason}"[:500],
        )
        _decide(experiment, Experiment.Decision.PROMOTED, version)
    return version


def keep(
    *, experiment: Experiment, reason: str, author: User | None = None, made_by: str = ""
) -> Experiment:
    """Keep the control: the live set stays; ends an active experiment. Raises Refused."""
    reason = errors.reason(reason)
    with transaction.atomic():
        _locked(experiment)
        _check_open(experiment)
        if experiment.active:
            end(
                experiment=experiment,
                reason=f"The control is kept: {reason}"[:500],
                by=_who(author, made_by),
            )
        _decide(experiment, Experiment.Decision.KEPT, None)
    return experiment


def _who(author: User | None, made_by: str) -> str:
    return author.get_username() if author else made_by


def _check_open(experiment: Experiment) -> None:
    if experiment.status == Status.PLANNED:
        raise Refused({"experiment": [f"{experiment} was not started: there is no result yet."]})
    if experiment.decision:
        raise Refused({"experiment": [f"It was decided: {experiment.get_decision_display()}."]})


def _decide(experiment: Experiment, decision: str, version: ParameterSet | None) -> None:
    experiment.decision, experiment.promoted = decision, version
    experiment.decided_at = clock.now()
    experiment.save(update_fields=("decision", "promoted", "decided_at"))

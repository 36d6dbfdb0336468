from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from trading import experiments, parameters
from trading.api import encoders, requests
from trading.api.authentication import OPERATE, READ, allow, token_of
from trading.api.base import Endpoint, body
from trading.api.query_params import Query
from trading.experiments import design
from trading.experiments.comparison import Comparison, Side, compared
from trading.experiments.export import as_csv
from trading.models import Experiment
from trading.parameters.errors import Experimenting, Frozen, Refused, Stale
from trading.performance import numbers
from trading.strategies import UnknownStrategy

LOG = 500


class Described(Endpoint):
    described_in = "trading.api.schema.experiments"


class Experiments(Described):
    """The bot's experiments, newest first; a new one."""

    scopes = allow(GET=READ, POST=OPERATE)

    def get(self, request):
        query = Query(request, "strategy", "status", "limit", "format")
        found = Experiment.objects.filter(instance__bot=self.bot)
        if query.has("strategy"):
            found = found.filter(instance__in=query.selection(self.bot).instances())
        if (wanted := query.one_of("status", Experiment.Status.values)) is not None:
            found = found.filter(status=wanted)
        limit = query.whole("limit", 50, 1, 500)
        rows = found.select_related("instance__bot", "author", "promoted")[:limit]
        if query.as_csv():
            return _csv([compared(one) for one in rows])
        return Response({"experiments": [_brief(one) for one in rows]})

    def post(self, request):
        given = body(request, requests.ExperimentIn)
        try:
            instance = parameters.instance_for(self.bot, given.strategy)
        except UnknownStrategy as unknown:
            raise NotFound(str(unknown)) from unknown

        @transaction.atomic  # what cannot start is not kept as a plan
        def make():
            made = design.create(instance=instance, **_design(given), made_by=token_of(request))
            if given.start:
                experiments.start(experiment=made, made_by=token_of(request))
            return made

        return _done(make, status.HTTP_201_CREATED)


class OneExperiment(Described):
    """An experiment with its arms side by side."""

    scopes = allow(GET=READ)

    def get(self, request, experiment):
        query = Query(request, "as_of", "format")
        found = _find(self.bot, experiment)
        comparison = compared(found, query.moment("as_of"))
        if query.as_csv():
            return _csv([comparison])
        return Response(_whole(comparison))


class Start(Described):
    """A plan begins."""

    scopes = allow(POST=OPERATE)

    def post(self, request, experiment):
        body(request, requests.NothingIn)
        found = _find(self.bot, experiment)
        return _done(lambda: experiments.start(experiment=found, made_by=token_of(request)))


class Stop(Described):
    """It ends before its time."""

    scopes = allow(POST=OPERATE)

    def post(self, request, experiment):
        given, found = body(request, requests.ReasonIn), _find(self.bot, experiment)
        return _done(
            lambda: experiments.end(experiment=found, reason=given.reason, by=token_of(request))
        )


class Promote(Described):
    """The values of an arm go live."""

    scopes = allow(POST=OPERATE)

    def post(self, request, experiment):
        given, found = body(request, requests.PromoteIn), _find(self.bot, experiment)
        arm = found.arms.filter(name=given.arm).first()
        if arm is None:
            names = ", ".join(found.arms.values_list("name", flat=True))
            raise ValidationError({"arm": [f"there is no such arm (there are {names})"]})

        def promote():
            experiments.promote(
                experiment=found, arm=arm, reason=given.reason, made_by=token_of(request)
            )
            return found

        return _done(promote)


class Keep(Described):
    """The control is kept."""

    scopes = allow(POST=OPERATE)

    def post(self, request, experiment):
        given, found = body(request, requests.ReasonIn), _find(self.bot, experiment)
        return _done(
            lambda: experiments.keep(
                experiment=found, reason=given.reason, made_by=token_of(request)
            )
        )


def _design(given: requests.ExperimentIn) -> dict[str, Any]:
    shares = given.shares or [1] * (len(given.arms) + 1)
    if len(shares) != len(given.arms) + 1:
        raise ValidationError({"shares": ["must name a share of the control and one of each arm"]})
    for arm in given.arms:
        if (arm.values is None) == (arm.version is None):
            raise ValidationError({"arms": [f"{arm.name}: give values or a version"]})
    return {
        "name": given.name,
        "reason": given.reason,
        "design": given.design,
        "notes": given.notes,
        "control_share": shares[0],
        "block_seconds": given.block_seconds,
        "before_days": given.before_days,
        "seed": given.seed,
        "arms": [
            design.Arm(arm.name, arm.values, arm.version, share)
            for arm, share in zip(given.arms, shares[1:], strict=True)
        ],
        "ends": design.Ends(
            given.max_trades, given.max_days, given.max_drawdown_pct, given.max_loss_pct
        ),
    }


def _find(bot, key: str) -> Experiment:
    found = Experiment.objects.select_related("instance__bot", "author", "promoted")
    experiment = found.filter(pk=int(key), instance__bot=bot).first()
    if experiment is None:
        raise NotFound("There is no such experiment.")
    return experiment


def _done(change, code: int = status.HTTP_200_OK) -> Response:
    """The experiment after a step; 409 where its state, or that of the parameters, forbids it."""
    try:
        made = change()
    except (Frozen, Experimenting, Stale) as refused:
        return _conflict(refused)
    except Refused as refused:
        if set(refused.errors) == {"experiment"}:
            return _conflict(refused)
        raise ValidationError(refused.errors) from refused
    return Response(_whole(compared(made)), status=code)


def _conflict(refused: Refused) -> Response:
    text = " ".join(text for texts in refused.errors.values() for text in texts)
    return Response({"detail": text}, status=status.HTTP_409_CONFLICT)


def _brief(one: Experiment) -> dict[str, Any]:
    ends = ("max_trades", "max_days", "max_drawdown_pct", "max_loss_pct")
    return {
        "id": one.pk,
        "name": one.name,
        "strategy": one.instance.name,
        "design": one.design,
        "status": one.status,
        "reason": one.reason,
        "notes": one.notes,
        "author": one.by,
        "created_at": encoders.time(one.created_at),
        "started_at": encoders.time(one.started_at),
        "ended_at": encoders.time(one.ended_at),
        "ended_by": one.ended_by,
        "end_reason": one.end_reason,
        "decision": one.decision or None,
        "promoted": one.promoted.version if one.promoted else None,
        "seed": one.seed,
        "block_seconds": one.block_seconds,
        "before_days": one.before_days,
        **{name: getattr(one, name) for name in ends},
    }


def _whole(comparison: Comparison) -> dict[str, Any]:
    log = comparison.experiment.blocks.select_related("arm").order_by("-number")[:LOG]
    return {
        **_brief(comparison.experiment),
        "trades": comparison.trades,
        "ends_at": encoders.time(comparison.ends_at),
        "oddities": comparison.oddities,
        "arms": [_arm(side) for side in comparison.sides],
        "blocks": [
            {
                "number": one.number,
                "arm": one.arm.name,
                "starts_at": encoders.time(one.starts_at),
                "ends_at": encoders.time(one.ends_at),
                "told_at": encoders.time(one.told_at),
            }
            for one in reversed(log)
        ],
    }


def _arm(side: Side) -> dict[str, Any]:
    arm, against = side.arm, side.against
    return {
        "name": arm.name,
        "control": arm.control,
        "share": arm.share,
        "values": arm.values,
        "version": arm.parameter_set.version if arm.parameter_set else None,
        "mode": side.result.selection.mode if side.result else None,
        "metrics": numbers(side.result.metrics) if side.result else None,
        "told_seconds": side.told.total_seconds() if side.told is not None else None,
        "blocks": side.blocks,
        "blocks_asked": side.asked,
        "pct_per_day": side.pct_per_day,
        "difference": against
        and {
            "avg_pnl_pct": against.difference,
            "low": against.low,
            "high": against.high,
            "trades_needed": against.trades_needed(),
        },
        "verdict": side.verdict.word if side.verdict else None,
        "sentence": side.verdict.sentence if side.verdict else None,
    }


def _csv(comparisons: list[Comparison]) -> HttpResponse:
    return HttpResponse(
        "".join(as_csv(comparisons)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="experiments.csv"'},
    )

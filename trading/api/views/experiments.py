"""Experiments: list, create, start, stop, keep, promote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading import experiments, parameters
from trading.api import requests
from trading.api.authentication import author
from trading.api.base import Endpoint, csv_response
from trading.api.experiments import BRIEF, NEW, WHOLE, ExperimentOut, ExperimentsOut, brief, whole
from trading.api.operation import (
    AS_OF,
    EXPERIMENT,
    FORMAT,
    NO_STRATEGY,
    STRATEGY,
    Answer,
    Error,
    Parameter,
    describe,
    limit,
)
from trading.api.permissions import OPERATE, READ, allow
from trading.experiments import design
from trading.experiments.comparison import compared
from trading.experiments.export import as_csv
from trading.models import Bot, Experiment
from trading.parameters.errors import Experimenting, Frozen, Refused, Stale
from trading.strategies import UnknownStrategy

_NOT_FOUND = {404: ("The bot has no such experiment.", Error)}
_CONFLICT = {409: ("Its status, or that of the parameters, does not allow this.", Error)}
_STEP: dict[str, Any] = {"parameters": (EXPERIMENT,), "errors": _NOT_FOUND | _CONFLICT}
_ANSWER = {200: Answer("The experiment.", ExperimentOut, WHOLE)}
_REASON = {"reason": "The exchange was down for half of it"}


class Experiments(Endpoint):
    """The bot's experiments, newest first; a new one."""

    scopes = allow(GET=READ, POST=OPERATE)

    @describe(
        "Experiments",
        {200: Answer("The experiments.", ExperimentsOut, {"experiments": [BRIEF]}, csv=True)},
        parameters=(
            STRATEGY,
            Parameter("status", requests.ExperimentStatus, "Only this status."),
            limit(50, 500, "experiments"),
            FORMAT,
        ),
    )
    def get(self, request: Request) -> Response | HttpResponse:
        """List experiments, newest first

        GET experiments/{id}/ has the results of one. CSV has a row per arm.
        """
        query = self.query()
        found = Experiment.objects.filter(instance__bot=self.bot)
        if query.has("strategy"):
            found = found.filter(instance__in=query.selection(self.bot).instances())
        if (wanted := query.one_of("status", Experiment.Status.values)) is not None:
            found = found.filter(status=wanted)
        limit = query.whole("limit", 50, 1, 500)
        rows = found.select_related("instance__bot", "author", "promoted")[:limit]
        if query.as_csv():
            return csv_response(as_csv([compared(row) for row in rows]), "experiments.csv")
        return Response(ExperimentsOut([brief(row) for row in rows]))

    @describe(
        "Experiments",
        {201: Answer("The experiment.", ExperimentOut, WHOLE)},
        body=requests.ExperimentIn,
        example=NEW,
        errors=NO_STRATEGY | _CONFLICT,
    )
    def post(self, request: Request) -> Response:
        """Start an experiment

        Arms alternate in blocks of time (ab), or the one candidate is served from now on
        (before_after). The control is the live version. GET parameters/ then answers with the
        version of the current arm, its name, and until when that holds; a bot only has to use the
        parameters it is served. One experiment per strategy at a time.
        """
        given = self.body(requests.ExperimentIn)
        try:
            instance = parameters.instance_for(self.bot, given.strategy)
        except UnknownStrategy as unknown:
            raise NotFound(str(unknown)) from unknown

        @transaction.atomic  # an experiment that cannot start is not kept as a draft
        def create() -> Experiment:
            created = design.create(instance=instance, **_design(given), made_by=author(request))
            if given.start:
                experiments.start(experiment=created, made_by=author(request))
            return created

        return _changed(create, status.HTTP_201_CREATED)


class OneExperiment(Endpoint):
    """An experiment with its arms side by side."""

    scopes = allow(GET=READ)

    @describe(
        "Experiments",
        {200: Answer("The experiment.", ExperimentOut, WHOLE, csv=True)},
        parameters=(EXPERIMENT, AS_OF, FORMAT),
        errors=_NOT_FOUND,
    )
    def get(self, request: Request, experiment: str) -> Response | HttpResponse:
        """Read an experiment

        Its arms side by side, and the result.
        """
        query = self.query()
        comparison = compared(_find(self.bot, experiment), query.moment("as_of"))
        if query.as_csv():
            return csv_response(as_csv([comparison]), "experiments.csv")
        return Response(whole(comparison))


class Start(Endpoint):
    """Starts a planned experiment."""

    scopes = allow(POST=OPERATE)

    @describe("Experiments", _ANSWER, body=requests.NothingIn, example={}, **_STEP)
    def post(self, request: Request, experiment: str) -> Response:
        """Start a planned experiment

        One that was created with start: false.
        """
        self.body(requests.NothingIn)
        found = _find(self.bot, experiment)
        return _changed(lambda: experiments.start(experiment=found, made_by=author(request)))


class Stop(Endpoint):
    """Stops an experiment before its planned end."""

    scopes = allow(POST=OPERATE)

    @describe("Experiments", _ANSWER, body=requests.ReasonIn, example=_REASON, **_STEP)
    def post(self, request: Request, experiment: str) -> Response:
        """Stop an experiment

        The live values are served again. It decides nothing.
        """
        given, found = self.body(requests.ReasonIn), _find(self.bot, experiment)
        return _changed(
            lambda: experiments.end(experiment=found, reason=given.reason, by=author(request))
        )


class Promote(Endpoint):
    """Makes the values of an arm live."""

    scopes = allow(POST=OPERATE)

    @describe(
        "Experiments",
        _ANSWER,
        body=requests.PromoteIn,
        example={"arm": "B", "reason": "Better, and statistically significant"},
        **_STEP,
    )
    def post(self, request: Request, experiment: str) -> Response:
        """Promote an arm

        Its values become a new version, live at once; an active experiment ends.
        """
        given, found = self.body(requests.PromoteIn), _find(self.bot, experiment)
        arm = found.arms.filter(name=given.arm).first()
        if arm is None:
            names = ", ".join(found.arms.values_list("name", flat=True))
            raise ValidationError({"arm": [f"there is no such arm (there are {names})"]})

        def promote() -> Experiment:
            experiments.promote(
                experiment=found, arm=arm, reason=given.reason, made_by=author(request)
            )
            return found

        return _changed(promote)


class Keep(Endpoint):
    """Keeps the control live."""

    scopes = allow(POST=OPERATE)

    @describe(
        "Experiments",
        _ANSWER,
        body=requests.ReasonIn,
        example={"reason": "No difference in 400 trades"},
        **_STEP,
    )
    def post(self, request: Request, experiment: str) -> Response:
        """Keep the control

        The live version stays; an active experiment ends.
        """
        given, found = self.body(requests.ReasonIn), _find(self.bot, experiment)
        return _changed(
            lambda: experiments.keep(experiment=found, reason=given.reason, made_by=author(request))
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


def _find(bot: Bot, key: str) -> Experiment:
    found = Experiment.objects.select_related("instance__bot", "author", "promoted")
    experiment = found.filter(pk=int(key), instance__bot=bot).first()
    if experiment is None:
        raise NotFound("There is no such experiment.")
    return experiment


def _changed(change: Callable[[], Experiment], code: int = status.HTTP_200_OK) -> Response:
    """The experiment after a change; 409 where its status, or the parameters', forbids it."""
    try:
        experiment = change()
    except (Frozen, Experimenting, Stale) as refused:
        return _conflict(refused)
    except Refused as refused:
        if set(refused.errors) == {"experiment"}:
            return _conflict(refused)
        raise ValidationError(refused.errors) from refused
    return Response(whole(compared(experiment)), status=code)


def _conflict(refused: Refused) -> Response:
    text = " ".join(text for texts in refused.errors.values() for text in texts)
    return Response(Error(text), status=status.HTTP_409_CONFLICT)

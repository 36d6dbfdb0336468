"""Served parameters, changes, rollback, history."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any

from django.http import HttpResponse
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading import parameters
from trading.api import answers, examples
from trading.api.authentication import author
from trading.api.base import Endpoint, csv_response
from trading.api.operation import (
    AS_OF,
    FORMAT,
    IF_NONE_MATCH,
    MODE,
    NO_STRATEGY,
    STRATEGY,
    Answer,
    Error,
    Parameter,
    describe,
)
from trading.api.permissions import OPERATE, READ, allow
from trading.api.requests import ParametersIn, RollbackIn
from trading.ingest import heartbeat
from trading.models import Bot, Origin, StrategyInstance
from trading.parameters import history, served
from trading.parameters.errors import Experimenting, Frozen, Refused, Stale
from trading.performance.selection import Selection
from trading.strategies import UnknownStrategy
from trading.validation import field_types as types

_UNCHANGED = Answer("Unchanged since the answer with this ETag.")
_CREATED = Answer(
    "The new version, live now.", answers.ParametersOut, examples.PARAMETERS_SERVED, etag=True
)
_CONFLICT = (
    "Another version went live since `version`, the parameters are frozen, or an experiment "
    "runs; nothing changed."
)
_NO_CHANGE = {409: (_CONFLICT, (answers.StaleVersion, Error))}
_IN_PATH = Parameter("strategy", types.StrategyName, "", True, place="path")


class AllParameters(Endpoint):
    """The served parameters of all strategies."""

    scopes = allow(GET=READ)

    @describe(
        "Parameters",
        {
            200: Answer(
                "The parameters of each strategy.",
                list[answers.ParametersOut],
                [examples.PARAMETERS_SERVED],
                etag=True,
            ),
            304: _UNCHANGED,
        },
        parameters=(IF_NONE_MATCH,),
    )
    def get(self, request: Request) -> Response:
        """Read the served parameters of all strategies

        The live parameters of every strategy that the bot runs. Counts as a heartbeat.
        """
        self.query()
        heartbeat.seen(self.bot)
        all_served = served.everything(self.bot)
        content = [answers.ParametersOut(**one.content()) for one in all_served]
        return _conditional(request, content, served.etag(all_served))


class StrategyParameters(Endpoint):
    """The served parameters of a strategy; a new version of them."""

    scopes = allow(GET=READ, POST=OPERATE)

    @describe(
        "Parameters",
        {
            200: Answer(
                "Its parameters.", answers.ParametersOut, examples.PARAMETERS_SERVED, etag=True
            ),
            304: _UNCHANGED,
        },
        parameters=(_IN_PATH, IF_NONE_MATCH),
        errors=NO_STRATEGY,
    )
    def get(self, request: Request, strategy: str) -> Response:
        """Read the served parameters of a strategy

        A strategy that is asked for the first time starts with its declared defaults.
        """
        self.query()
        heartbeat.seen(self.bot)
        try:
            answer = served.for_strategy(self.bot, strategy)
        except UnknownStrategy as unknown:
            raise NotFound(str(unknown)) from unknown
        content = answers.ParametersOut(**answer.content())
        return _conditional(request, content, served.etag(answer))

    @describe(
        "Parameters",
        {201: _CREATED},
        parameters=(_IN_PATH,),
        body=ParametersIn,
        example=examples.PARAMETERS,
        errors=NO_STRATEGY | _NO_CHANGE,
    )
    def post(self, request: Request, strategy: str) -> Response:
        """Change parameters

        A new version, live at once. Values that are left out keep their live value; names and
        bounds are those of GET strategies/.
        """
        change = self.body(ParametersIn)
        instance = _instance(self.bot, strategy)
        return _changed(
            self.bot,
            strategy,
            lambda: parameters.promote(
                instance=instance,
                values=change.values,
                reason=change.reason,
                origin=Origin.API,
                seen=change.version,
                onto_live=True,
                made_by=author(request),
            ),
        )


class Rollback(Endpoint):
    """The values of an earlier version, as a new version."""

    scopes = allow(POST=OPERATE)

    @describe(
        "Parameters",
        {201: _CREATED},
        parameters=(_IN_PATH,),
        body=RollbackIn,
        example=examples.ROLLBACK,
        errors=NO_STRATEGY | _NO_CHANGE,
    )
    def post(self, request: Request, strategy: str) -> Response:
        """Roll back to an earlier version

        Its values become a new version, live at once.
        """
        change = self.body(RollbackIn)
        instance = _instance(self.bot, strategy)
        return _changed(
            self.bot,
            strategy,
            lambda: parameters.roll_back(
                instance=instance,
                to=change.to,
                reason=change.reason,
                seen=change.version,
                made_by=author(request),
            ),
        )


class History(Endpoint):
    """Every parameter change, newest first, with its outcome."""

    scopes = allow(GET=READ)

    @describe(
        "Parameters",
        {200: Answer("Changes.", list[answers.ChangeOut], [examples.CHANGE], csv=True)},
        parameters=(
            STRATEGY,
            Parameter("parameter", Annotated[str, types.text(1, 200)], "Only this parameter."),
            MODE,
            AS_OF,
            FORMAT,
        ),
    )
    def get(self, request: Request) -> Response | HttpResponse:
        """List parameter changes and their outcome

        Newest first, one row per parameter. performance_before and performance_after are the
        average PnL in percent of all trades of the previous and of the new version; the latter is
        null until there are enough trades (OUTCOME_TRADES) or the next change has come. They
        describe and prove nothing: after a bad stretch results recover by themselves.
        """
        query = self.query()
        selection = query.selection(self.bot)
        as_csv = query.as_csv()
        parameter = query.text("parameter")
        rows = history.rows(selection.instances(), parameter, selection.mode, selection.until)
        if parameter and not rows:
            _check_name(parameter, selection)
        if as_csv:
            return csv_response(history.as_csv(rows), "parameter-history.csv")
        return Response([row | {"changed_at": answers.time(row["changed_at"])} for row in rows])


def _conditional(request: Request, content: Any, etag: str) -> Response:
    """The answer, or 304 where the bot has it."""
    given = {tag.strip() for tag in request.META.get("HTTP_IF_NONE_MATCH", "").split(",")}
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if given & {etag, f"W/{etag}", "*"}:
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(content, headers=headers)


def _check_name(parameter: str, selection: Selection) -> None:
    """Refuse a parameter that no strategy has: it would be answered with no changes."""
    names = history.names(selection.instances(), selection.until)
    if names and parameter not in names:
        near = get_close_matches(parameter[:64], names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        text = f"there is no such parameter (there are {', '.join(names)}){hint}"
        raise ValidationError({"parameter": [text]})


def _instance(bot: Bot, strategy: str) -> StrategyInstance:
    try:
        return parameters.instance_for(bot, strategy)
    except UnknownStrategy as unknown:
        raise NotFound(str(unknown)) from unknown


def _changed(bot: Bot, strategy: str, change: Callable[[], object]) -> Response:
    try:
        change()
    except Stale as stale:
        return Response(_stale(stale), status=status.HTTP_409_CONFLICT)
    except (Frozen, Experimenting) as held:
        ((text,),) = held.errors.values()
        return Response(Error(text), status=status.HTTP_409_CONFLICT)
    except Refused as refused:
        # The request calls the version that the caller saw ``version``.
        errors = {
            "version" if name == "seen" else name: text for name, text in refused.errors.items()
        }
        raise ValidationError(errors) from refused
    now_served = served.for_strategy(bot, strategy)
    return Response(
        answers.ParametersOut(**now_served.content()),
        status=status.HTTP_201_CREATED,
        headers={"ETag": served.etag(now_served)},
    )


def _stale(stale: Stale) -> answers.StaleVersion:
    (text,) = stale.errors["seen"]
    differences = [
        answers.Difference(row["name"], row["old"], row["new"]) for row in stale.difference
    ]
    return answers.StaleVersion(text, stale.became.version, stale.became.reason, differences)

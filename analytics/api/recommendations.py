"""Recommendations, and decisions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import recommendations
from analytics.api import examples
from analytics.api.requests import AcceptIn, DismissIn
from analytics.models import Recommendation
from analytics.recommendations import apply
from analytics.reports.data import to_json
from trading.api.answers import Count, Moment, Object, time, time_or_none
from trading.api.authentication import author
from trading.api.base import Endpoint
from trading.api.operation import STRATEGY, Answer, Error, IdInPath, Out, Parameter, describe, limit
from trading.api.permissions import OPERATE, READ, allow
from trading.parameters.errors import Refused
from trading.validation import field_types as types

StateOut = Annotated[str, types.one_of(Recommendation.State.values)]


class RecommendationOut(Out):
    id: Count
    strategy: str
    mode: str
    kind: Annotated[str, types.one_of(Recommendation.Kind.values)]
    sentence: str
    changes: Object
    evidence: list[Object]
    effect: Object | None
    risk: str
    test: str
    confidence: Annotated[str, types.one_of(Recommendation.Confidence.values)]
    times: Count
    standing: bool
    state: StateOut
    first_at: Moment
    last_at: Moment
    decided_at: Moment | None
    decided_by: str
    reason: str


class Decided(RecommendationOut):
    made: dict[str, int]


class RecommendationsOut(Out):
    recommendations: list[RecommendationOut]


def _decision(state: str, made: dict[str, int], **more: Any) -> dict[str, Any]:
    """The description of a decision."""
    example = {
        **examples.RECOMMENDATION_OPEN,
        "state": state,
        "decided_at": "2025-11-18T07:02:11.000000Z",
        "decided_by": "token sl_3f",
        "reason": "Too few trades to go on like this.",
        "made": made,
    }
    return {
        "answers": {200: Answer("The recommendation now.", Decided, example)},
        "example": {"reason": example["reason"]},
        "parameters": (Parameter("recommendation", IdInPath, "Its id.", True, place="path"),),
        "errors": {
            404: ("The bot has no such recommendation.", Error),
            409: ("It was decided before, or the values cannot go live now.", Error),
        },
    }


class Recommendations(Endpoint):
    """Recommendations, newest and most important first."""

    scopes = allow(GET=READ)

    @describe(
        "Reports",
        {
            200: Answer(
                "Recommendations.",
                RecommendationsOut,
                {"recommendations": [examples.RECOMMENDATION_OPEN]},
            )
        },
        parameters=(
            STRATEGY,
            Parameter("state", StateOut, "Only in this state."),
            limit(50, 500, "recommendations"),
        ),
    )
    def get(self, request: Request) -> Response:
        """List recommendations

        What to change, or not to change, each with its evidence, the expected effect, the risk,
        and how to verify it.
        """
        query = self.query()
        rows = Recommendation.objects.filter(bot=self.bot).select_related("instance")
        if query.has("strategy"):
            rows = rows.filter(instance__in=query.selection(self.bot).instances())
        if (state := query.one_of("state", Recommendation.State.values)) is not None:
            rows = rows.filter(state=state)
        limit = query.whole("limit", 50, 1, 500)
        return Response(
            RecommendationsOut([RecommendationOut(**_fields(row)) for row in rows[:limit]])
        )


class Accept(Endpoint):
    """Accepts a recommendation."""

    scopes = allow(POST=OPERATE)

    @describe("Reports", body=AcceptIn, **_decision("accepted", {"version": 4}))
    def post(self, request: Request, recommendation: str) -> Response:
        """Accept a recommendation

        how=change makes its values live as a new version; how=experiment plans an experiment with
        them, to be started; made says which. One without values is only marked as accepted.
        """
        given, row = self.body(AcceptIn), _find(self, recommendation)
        return _decided(
            row, lambda: apply.follow(row, how=given.how, reason=given.reason, by=author(request))
        )


class Dismiss(Endpoint):
    """Dismisses a recommendation."""

    scopes = allow(POST=OPERATE)

    @describe("Reports", body=DismissIn, **_decision("dismissed", {}))
    def post(self, request: Request, recommendation: str) -> Response:
        """Dismiss a recommendation

        It is not proposed again for 30 days.
        """
        given, row = self.body(DismissIn), _find(self, recommendation)

        def dismiss() -> dict[str, int]:
            recommendations.dismiss(row, reason=given.reason, by=author(request))
            return {}

        return _decided(row, dismiss)


def _find(view: Endpoint, key: str) -> Recommendation:
    rows = Recommendation.objects.filter(pk=int(key), bot=view.bot)
    row = rows.select_related("instance__bot").first()
    if row is None:
        raise NotFound("There is no such recommendation.")
    return row


def _decided(row: Recommendation, decide: Callable[[], dict[str, int]]) -> Response:
    try:
        made = decide()
    except Refused as refused:
        if "reason" in refused.errors or "how" in refused.errors:
            raise ValidationError(refused.errors) from refused
        text = " ".join(part for texts in refused.errors.values() for part in texts)
        return Response(Error(text), status=status.HTTP_409_CONFLICT)
    return Response(Decided(**_fields(row), made=made))


def _fields(row: Recommendation) -> dict[str, Any]:
    return {
        **to_json(recommendations.to_data(row)),
        "state": row.state,
        "first_at": time(row.first_at),
        "last_at": time(row.last_at),
        "decided_at": time_or_none(row.decided_at),
        "decided_by": row.decided_by,
        "reason": row.reason,
    }

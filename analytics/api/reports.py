"""Reports of the bot, and its recommendations with what is decided about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from analytics import recommendations
from analytics.api import requests
from analytics.models import Recommendation, Report
from analytics.recommendations import apply
from analytics.reports.data import to_json
from trading.api import encoders
from trading.api.authentication import OPERATE, READ, allow, token_of
from trading.api.base import Endpoint, body
from trading.api.query_params import Query
from trading.parameters.errors import Refused
from trading.validation import limits


class Described(Endpoint):
    described_in = "analytics.api.report_schema"


class Reports(Described):
    """The reports of the bot, newest first, without their parts."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(request, "kind", "limit", "before")
        found = Report.objects.filter(bot=self.bot)
        if (kind := query.one_of("kind", Report.Kind.values)) is not None:
            found = found.filter(kind=kind)
        if (before := query.day("before")) is not None:
            found = found.filter(day__lt=before)
        limit = query.whole("limit", 30, 1, 500)
        return Response({"reports": [_brief(one) for one in found[:limit]]})


class OneReport(Described):
    """A report as it was written."""

    scopes = allow(GET=READ)

    def get(self, request, day):
        query = Query(request, "kind")
        kind = query.one_of("kind", Report.Kind.values) or Report.Kind.DAY
        try:
            asked = limits.day(day)
        except ValueError as error:
            raise ValidationError({"date": [str(error)]}) from error
        found = Report.objects.filter(bot=self.bot, kind=kind, day=asked).first()
        if found is None:
            raise NotFound("There is no report of that day.")
        return Response(
            {**_brief(found), "data": found.data, "recommendations": found.recommendations}
        )


class Recommendations(Described):
    """What is recommended, the weightiest of the newest first."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(request, "strategy", "state", "limit")
        found = Recommendation.objects.filter(bot=self.bot).select_related("instance")
        if query.has("strategy"):
            found = found.filter(instance__in=query.selection(self.bot).instances())
        if (state := query.one_of("state", Recommendation.State.values)) is not None:
            found = found.filter(state=state)
        limit = query.whole("limit", 50, 1, 500)
        return Response({"recommendations": [_out(one) for one in found[:limit]]})


class Step(Described):
    """A decision about a recommendation."""

    scopes = allow(POST=OPERATE)
    shape: Any = requests.DecisionIn
    take: Callable[[Recommendation, Any, str], dict[str, int]]

    def post(self, request, recommendation):
        found = body(request, self.shape)
        row = Recommendation.objects.filter(pk=int(recommendation), bot=self.bot)
        one = row.select_related("instance__bot").first()
        if one is None:
            raise NotFound("There is no such recommendation.")
        try:
            made = self.take(one, found, token_of(request))
        except Refused as refused:
            if "reason" in refused.errors or "how" in refused.errors:
                raise ValidationError(refused.errors) from refused
            text = " ".join(part for texts in refused.errors.values() for part in texts)
            return Response({"detail": text}, status=status.HTTP_409_CONFLICT)
        return Response({**_out(one), "made": made})


class Accept(Step):
    shape = requests.AcceptIn

    def take(self, one, found, by):
        return apply.follow(one, how=found.how, reason=found.reason, by=by)


class Dismiss(Step):
    def take(self, one, found, by):
        recommendations.dismiss(one, reason=found.reason, by=by)
        return {}


def _brief(one: Report) -> dict[str, Any]:
    return {
        "date": one.day.isoformat(),
        "kind": one.kind,
        "as_of": encoders.time(one.as_of),
        "complete": one.complete,
        "news": one.news,
        "made_at": encoders.time(one.made_at),
        "head": [
            {"strategy": line["strategy"], "mode": line["mode"], "text": line["text"]}
            for line in one.data["head"]
        ],
    }


def _out(one: Recommendation) -> dict[str, Any]:
    return {
        **to_json(recommendations.to_data(one)),
        "state": one.state,
        "first_at": encoders.time(one.first_at),
        "last_at": encoders.time(one.last_at),
        "decided_at": encoders.time(one.decided_at),
        "decided_by": one.decided_by,
        "reason": one.reason,
    }

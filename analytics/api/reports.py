"""Reports of the bot."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from msgspec import Meta
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api import examples
from analytics.models import Report
from trading.api.answers import Moment, Object, time
from trading.api.base import Endpoint
from trading.api.operation import Answer, Error, Out, Parameter, describe, limit
from trading.api.permissions import READ, allow
from trading.validation import field_types as types
from trading.validation import limits

KindOut = Annotated[str, types.one_of(Report.Kind.values)]
Day = Annotated[str, types.matching(types.DATE)]


class HeadLine(Out):
    strategy: str
    mode: str
    text: str


class ReportBrief(Out):
    date: Annotated[str, Meta(extra_json_schema={"format": "date"})]
    kind: KindOut
    as_of: Moment
    complete: bool
    news: bool
    made_at: Moment
    head: list[HeadLine]


class ReportsOut(Out):
    reports: list[ReportBrief]


class ReportOut(ReportBrief):
    data: Object
    recommendations: list[Object]


_REPORT = {
    **examples.REPORT,
    "data": {"kind": "day", "day": "2025-11-17"},
    "recommendations": [examples.RECOMMENDATION],
}


class Reports(Endpoint):
    """Reports of the bot, newest first, without their sections."""

    scopes = allow(GET=READ)

    @describe(
        "Reports",
        {200: Answer("Reports.", ReportsOut, {"reports": [examples.REPORT]})},
        parameters=(
            Parameter("kind", KindOut, "Only daily, or only weekly reports."),
            Parameter("before", Day, "Only reports of days before this one."),
            limit(30, 500, "reports"),
        ),
    )
    def get(self, request: Request) -> Response:
        """List reports, newest first

        The summary of each day (UTC) and week: a line per strategy.
        """
        query = self.query()
        reports = Report.objects.filter(bot=self.bot)
        if (kind := query.one_of("kind", Report.Kind.values)) is not None:
            reports = reports.filter(kind=kind)
        if (before := query.day("before")) is not None:
            reports = reports.filter(day__lt=before)
        limit = query.whole("limit", 30, 1, 500)
        return Response(ReportsOut([ReportBrief(**_fields(report)) for report in reports[:limit]]))


class OneReport(Endpoint):
    """A report as it was written."""

    scopes = allow(GET=READ)

    @describe(
        "Reports",
        {200: Answer("The report.", ReportOut, _REPORT)},
        parameters=(
            Parameter("day", Day, "Its day; of a week the last one, a Sunday.", True, place="path"),
            Parameter("kind", KindOut, "A day (the default) or a week."),
        ),
        errors={404: ("There is no report of that day.", Error)},
    )
    def get(self, request: Request, day: str) -> Response:
        """Read a report

        The whole report as of its time: data holds the numbers behind each sentence,
        recommendations those of that time.
        """
        kind = self.query().one_of("kind", Report.Kind.values) or Report.Kind.DAY
        report = Report.objects.filter(bot=self.bot, kind=kind, day=_day(day)).first()
        if report is None:
            raise NotFound("There is no report of that day.")
        return Response(
            ReportOut(**_fields(report), data=report.data, recommendations=report.recommendations)
        )


def _day(text: str) -> date:
    try:
        return limits.day(text)
    except ValueError as error:
        raise ValidationError({"date": [str(error)]}) from error


def _fields(report: Report) -> dict[str, Any]:
    return {
        "date": report.day.isoformat(),
        "kind": report.kind,
        "as_of": time(report.as_of),
        "complete": report.complete,
        "news": report.news,
        "made_at": time(report.made_at),
        "head": [
            HeadLine(line["strategy"], line["mode"], line["text"]) for line in report.data["head"]
        ],
    }

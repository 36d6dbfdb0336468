"""Reports and recommendations: the lists, a page for each, and what is decided there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics import recommendations
from analytics.models import Recommendation, Report
from analytics.recommendations import track_record
from analytics.reports import text as words
from trading import formatting
from trading.admin.base import Exported, PagedAdmin, resource_for
from trading.admin.strategy_page import error_text
from trading.parameters.errors import Refused

from . import rows

SHOWN = 500
WRITTEN = timedelta(days=2)  # so long after, it is said when a report was written


@admin.register(Report)
class ReportAdmin(PagedAdmin):
    list_display = ("title", "bot", "kind", "lines", "proposed")
    list_display_links = ("title",)
    list_filter = ("bot", "kind", "news")
    list_select_related = ("bot",)

    @admin.display(description="Report", ordering="day")
    def title(self, row: Report) -> str:
        return f"{row.day:%Y-%m-%d}{'' if row.complete else ' (so far)'}"

    @admin.display(description="What it says")
    def lines(self, row: Report) -> str:
        return format_html(
            '<span class="sl-happened">{}</span>',
            "; ".join(f"{one['name']}: {one['text']}" for one in row.data["head"]),
        )

    @admin.display(description="Recommendations")
    def proposed(self, row: Report) -> str:
        return str(len(row.proposals))

    def page(self, request: HttpRequest, found: Report) -> HttpResponse:
        kept = {
            one.pk: one
            for one in Recommendation.objects.select_related("instance").filter(
                pk__in=[one["id"] for one in found.proposals]
            )
        }
        return _answer(
            self,
            request,
            "report",
            f"{words.title(found.data)} of {found.bot}",
            original=found,
            report=found,
            head=found.data["head"],
            alerts=_alerts(found),
            first=words.first(found.proposals),
            sections=[
                rows.section(one, found.kind, found.data["day"]) for one in found.data["strategies"]
            ],
            proposals=[
                rows.proposal(one, kept.get(one["id"]), found.pk) for one in found.proposals
            ],
            may_decide=_may_decide(request),
            anew=found.made_at - found.as_of > WRITTEN,
            **_beside(found),
        )


def _alerts(report: Report) -> list[dict[str, Any]]:
    return [
        {**one, "url": reverse("admin:analytics_alert_change", args=[one["alert"]])}
        for one in report.data["alerts"]
    ]


def _beside(report: Report) -> dict[str, Report | None]:
    """The reports before and after, and the one of the week."""
    same = Report.objects.filter(bot=report.bot, kind=report.kind)
    weeks = Report.objects.filter(bot=report.bot, kind=Report.Kind.WEEK, day__gte=report.day)
    return {
        "earlier": same.filter(day__lt=report.day).order_by("-day").first(),
        "later": same.filter(day__gt=report.day).order_by("day").first(),
        "week": weeks.order_by("day").first() if report.kind == Report.Kind.DAY else None,
    }


@admin.register(Recommendation)
class RecommendationAdmin(Exported, PagedAdmin):
    list_display = ("what", "about", "state_text", "confidence", "times", "proposed", "came")
    list_display_links = ("what",)
    list_filter = ("state", "kind", "confidence", "bot", "mode")
    search_fields = ("sentence", "reason")
    list_select_related = ("bot", "instance")
    list_before_template = "analytics/_record.html"
    resource_classes = (
        resource_for(
            Recommendation,
            "id",
            "bot__name",
            "instance__strategy",
            "instance__label",
            "mode",
            "kind",
            "state",
            "sentence",
            "confidence",
            "times",
            "first_at",
            "last_at",
            "decided_at",
            "decided_by",
            "reason",
        ),
    )

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(require_POST(self.decide_view))
        return [
            path("<int:pk>/decide/", decide, name="analytics_recommendation_decide"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recommendation]:
        return super().get_queryset(request).select_related("instance__bot", "author")

    @admin.display(description="Recommendation")
    def what(self, row: Recommendation) -> str:
        return format_html('<span class="sl-happened">{}</span>', row.sentence)

    @admin.display(description="About")
    def about(self, row: Recommendation) -> str:
        paper = ", paper" if row.mode == "paper" else ""
        return f"{row.instance.name} of {row.bot.name}{paper}"

    @admin.display(description="State", ordering="state")
    def state_text(self, row: Recommendation) -> str:
        return row.get_state_display()

    @admin.display(description="Last report", ordering="last_at")
    def proposed(self, row: Recommendation) -> str:
        return f"{_day(row.last_at):%Y-%m-%d}"

    @admin.display(description="What became of it")
    def came(self, row: Recommendation) -> str:
        found = track_record.truth(row)
        return f"followed, {found.word}" if found else formatting.NOTHING

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        newest = Recommendation.objects.select_related("instance__bot").order_by("-pk")[:SHOWN]
        more = {"record": track_record.record(newest), **(extra_context or {})}
        return super().changelist_view(request, more)

    def page(self, request: HttpRequest, row: Recommendation) -> HttpResponse:
        report = Report.objects.filter(bot=row.bot, as_of=row.last_at).order_by("kind").first()
        return _answer(
            self,
            request,
            "recommendation",
            row.sentence,
            original=row,
            row=row,
            each=rows.proposal(recommendations.told(row), row, report.pk if report else 0),
            report=report,
            truth=rows.truth(row),
            may_decide=_may_decide(request),
            about=self.about(row),
            first=_day(row.first_at),
            last=_day(row.last_at),
        )

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Dismiss it, or note that it is followed, with a reason."""
        if not _may_decide(request):
            raise PermissionDenied
        row = Recommendation.objects.filter(pk=pk).first()
        steps = {"dismiss": recommendations.dismiss, "accept": recommendations.accept}
        step = steps.get(request.POST.get("step", ""))
        if row is None or step is None:
            raise Http404(pk)
        try:
            step(
                row,
                reason=request.POST.get("reason", "").replace("\r\n", "\n"),
                author=request.user,
            )
        except Refused as refused:
            messages.error(request, error_text(refused))
        else:
            messages.success(request, f"{row.get_state_display()}: {row.sentence}")
        return HttpResponseRedirect(reverse("admin:analytics_recommendation_change", args=[pk]))


def _day(as_of: datetime) -> datetime:
    """A moment of the day whose report was written as of a moment, its end."""
    return as_of - timedelta(microseconds=1)


def _may_decide(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("analytics.change_recommendation"))


def _answer(
    page: PagedAdmin, request: HttpRequest, name: str, title: str, **context: Any
) -> HttpResponse:
    request.current_app = page.admin_site.name
    request.list_title = page.list_title
    return TemplateResponse(
        request,
        f"analytics/{name}.html",
        {**page.admin_site.each_context(request), "opts": page.opts, "title": title, **context},
    )

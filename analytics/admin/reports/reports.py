"""Reports and recommendations: the lists, a page for each, and decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics import recommendations
from analytics.models import STANDING_KEY, Recommendation, Report
from analytics.recommendations import kinds, track_record
from analytics.reports import from_json, recommendations_from_json, text
from trading import formatting
from trading.admin.base import Exported, PagedAdmin, resource_for, show_in_header
from trading.admin.strategy_page import error_text
from trading.parameters.errors import Refused

from . import rows

NEWEST = 500  # recommendations that the track record counts
LATE = timedelta(days=2)  # a report written later than this says when
State = Recommendation.State


@admin.register(Report)
class ReportAdmin(PagedAdmin):
    list_display = ("title", "bot", "kind", "summary", "proposed")
    list_display_links = ("title",)
    list_filter = ("bot", "kind", "news")
    list_select_related = ("bot",)

    @admin.display(description="Report", ordering="day")
    def title(self, report: Report) -> str:
        return f"{report.day:%Y-%m-%d}{'' if report.complete else ' (so far)'}"

    @admin.display(description="Summary")
    def summary(self, report: Report) -> str:
        return format_html(
            '<span class="sl-happened">{}</span>',
            "; ".join(f"{line['name']}: {line['text']}" for line in report.data["head"]),
        )

    @admin.display(description="Recommendations")
    def proposed(self, report: Report) -> str:
        return str(sum(not advice["standing"] for advice in report.recommendations))

    def page(self, request: HttpRequest, report: Report) -> HttpResponse:
        data = from_json(report.data)
        proposed = recommendations_from_json(report.recommendations)
        stored = Recommendation.objects.select_related("instance").in_bulk(
            [advice.id for advice in proposed]
        )
        shown = [
            rows.recommendation(advice, stored.get(advice.id), report.pk) for advice in proposed
        ]
        return _answer(
            self,
            request,
            "report",
            f"{text.title(data)} of {report.bot}",
            original=report,
            report=report,
            head=data.head,
            alerts=[rows.alert(event) for event in data.alerts],
            first=text.first(proposed),
            sections=[rows.section(section, data.day) for section in data.strategies],
            recommendations=[advice for advice in shown if not advice["standing"]],
            standing=[advice for advice in shown if advice["standing"]],
            may_decide=_may_decide(request),
            late=report.made_at - report.as_of > LATE,
            **_neighbours(report),
        )


def _neighbours(report: Report) -> dict[str, Report | None]:
    """The reports before and after, and the one of the week."""
    same = Report.objects.filter(bot=report.bot, kind=report.kind)
    weeks = Report.objects.filter(bot=report.bot, kind=Report.Kind.WEEK, day__gte=report.day)
    return {
        "earlier": same.filter(day__lt=report.day).order_by("-day").first(),
        "later": same.filter(day__gt=report.day).order_by("day").first(),
        "week": weeks.order_by("day").first() if report.kind == Report.Kind.DAY else None,
    }


class StateFilter(admin.SimpleListFilter):
    """By state; without a choice, all that ask for a decision or did."""

    title = "state"
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return State.choices

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Recommendation]
    ) -> QuerySet[Recommendation]:
        if self.value() in State.values:
            return queryset.filter(state=self.value())
        return queryset.exclude(key=STANDING_KEY)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        choices = super().choices(changelist)
        yield {**next(choices), "display": "All decisions"}
        yield from choices


@admin.register(Recommendation)
class RecommendationAdmin(Exported, PagedAdmin):
    list_display = ("what", "strategy", "state_text", "confidence", "times", "proposed", "outcome")
    list_display_links = ("what",)
    list_filter = (StateFilter, "kind", "confidence", "bot", "mode")
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
        rows: QuerySet[Recommendation] = super().get_queryset(request)
        return rows.select_related("instance__bot", "author")

    @admin.display(description="Recommendation")
    def what(self, row: Recommendation) -> str:
        return format_html('<span class="sl-happened">{}</span>', row.sentence)

    @admin.display(description="Strategy")
    def strategy(self, row: Recommendation) -> str:
        paper = ", paper" if row.mode == "paper" else ""
        return f"{row.instance.name} of {row.bot.name}{paper}"

    @admin.display(description="State", ordering="state")
    def state_text(self, row: Recommendation) -> str:
        return row.get_state_display()

    @admin.display(description="Last report", ordering="last_at")
    def proposed(self, row: Recommendation) -> str:
        return f"{_day(row.last_at):%Y-%m-%d}"

    @admin.display(description="Outcome")
    def outcome(self, row: Recommendation) -> str:
        result = track_record.result(row)
        return f"followed, {result.word}" if result else formatting.NOTHING

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        newest = Recommendation.objects.select_related("instance__bot").order_by("-pk")[:NEWEST]
        context = {"record": track_record.record(newest), **(extra_context or {})}
        return super().changelist_view(request, context)

    def page(self, request: HttpRequest, row: Recommendation) -> HttpResponse:
        report = Report.objects.filter(bot=row.bot, as_of=row.last_at).order_by("kind").first()
        data = recommendations.to_data(row)
        return _answer(
            self,
            request,
            "recommendation",
            row.sentence,
            original=row,
            row=row,
            recommendation=rows.recommendation(data, row, report.pk if report else 0),
            report=report,
            outcome=rows.outcome(row),
            may_decide=_may_decide(request),
            kind=kinds.label(row.key),
            strategy=self.strategy(row),
            first=_day(row.first_at),
            last=_day(row.last_at),
        )

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Accepts or dismisses it, with a reason."""
        if not _may_decide(request):
            raise PermissionDenied
        row = Recommendation.objects.filter(pk=pk).first()
        steps = {"dismiss": recommendations.dismiss, "accept": recommendations.accept}
        step = steps.get(request.POST.get("step", ""))
        if row is None or step is None:
            raise Http404(pk)
        reason = request.POST.get("reason", "").replace("\r\n", "\n")
        try:
            step(row, reason=reason, author=request.user)
        except Refused as refused:
            messages.error(request, error_text(refused))
        else:
            messages.success(request, f"{row.get_state_display()}: {row.sentence}")
        return HttpResponseRedirect(reverse("admin:analytics_recommendation_change", args=[pk]))


def _day(as_of: datetime) -> datetime:
    """The last moment of the period of a report that ended at ``as_of``."""
    return as_of - timedelta(microseconds=1)


def _may_decide(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("analytics.change_recommendation"))


def _answer(
    page: PagedAdmin, request: HttpRequest, name: str, title: str, **context: object
) -> HttpResponse:
    request.current_app = page.admin_site.name
    show_in_header(request, page.list_title)
    return TemplateResponse(
        request,
        f"analytics/{name}.html",
        {**page.admin_site.each_context(request), "opts": page.opts, "title": title, **context},
    )

"""Replays: the list, a page for each, two side by side, and what is asked from other pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics.models import Run
from analytics.research import backtest, run_store
from trading import formatting, strategies
from trading.admin.base import Exported, ReadOnlyAdmin, resource_for

from . import fidelity_rows, rows, views

TRADES_SHOWN = 50
OTHERS_SHOWN = 50
ASKED = (views.along, views.again, views.ask, views.fidelity, views.shadow)


@admin.register(Run)
class RunAdmin(Exported, ReadOnlyAdmin):
    list_display = (
        "name",
        "kind",
        "state_text",
        "strategy",
        "market",
        "candles",
        "result",
        "trades",
        "made",
    )
    list_display_links = ("name",)
    list_filter = ("kind", "state", "strategy", "market", "bot")
    search_fields = ("label", "market", "notes")
    resource_classes = (
        resource_for(
            Run,
            "id",
            "kind",
            "state",
            "label",
            "strategy",
            "market",
            "interval",
            "from_at",
            "to_at",
            "bars",
            "data_hash",
            "code_version",
            "created_at",
            "error",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return super().get_queryset(request).select_related("bot", "instance")

    def get_urls(self) -> list[Any]:
        pages = (
            ("<int:pk>/picture/", views.picture, "picture"),
            ("<int:pk>/state/", views.state, "state"),
            ("<int:pk>/along/", views.along, "along"),
            ("<int:pk>/again/", views.again, "again"),
            ("compare/", views.compare, "compare"),
            ("whatif/<int:instance>/", views.ask, "whatif"),
            ("fidelity/<int:instance>/", views.fidelity, "fidelity"),
            ("shadow/<int:instance>/<int:version>/", views.shadow, "shadow"),
        )
        return [
            *(
                path(place, self._page(view), name=f"analytics_run_{name}")
                for place, view, name in pages
            ),
            *super().get_urls(),
        ]

    def _page(self, view: Any) -> Any:
        """Behind the login and the permission to see replays."""

        def shown(request: HttpRequest, **place: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(self, request, **place)

        return self.admin_site.admin_view(require_POST(shown) if view in ASKED else shown)

    def may_ask(self, request: HttpRequest) -> bool:
        """Whether this user may let the worker replay."""
        return request.user.has_perm("analytics.add_run")

    def answer(self, request: HttpRequest, template: str, title: str, **more: Any) -> HttpResponse:
        request.list_title = self.list_title
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            **more,
        }
        return TemplateResponse(request, f"analytics/{template}.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404(object_id)
        backtest.settle(run)
        more: dict[str, Any] = {"run": run, "active": run.state in Run.ACTIVE}
        if run.state == Run.State.DONE:
            more |= self._done(request, run)
        return self.answer(request, "run", run.name, **more)

    def _done(self, request: HttpRequest, run: Run) -> dict[str, Any]:
        trades = run_store.trades(run)
        page = Paginator(trades, TRADES_SHOWN).get_page(request.GET.get("page"))
        others = Run.objects.filter(state=Run.State.DONE).exclude(pk=run.pk)
        return {
            "headline": rows.headline(run),
            "metrics": rows.metrics(run),
            "facts": rows.facts(run),
            "funnel": rows.steps(run),
            "values": [
                (formatting.label(name), cell) for name, cell in rows.parameters(run).items()
            ],
            "columns": rows.COLUMNS,
            "rows": [rows.trade_cells(one) for one in page],
            "page": page,
            "changes": backtest.changes(run),
            "may_ask": self.may_ask(request),
            "others": others.order_by("-pk")[:OTHERS_SHOWN],
            "along": views.points(run),
            "tunable": _tunable(run),
            "counted": rows.counted(run),
            "opened": rows.opened_by(run),
            "trust": rows.trust_note(run),
            "beside": fidelity_rows.page(run) if run.kind == Run.Kind.FIDELITY else None,
        }

    @admin.display(description="Replay", ordering="pk")
    def name(self, run: Run) -> str:
        return f"{run.pk}: {run.name}"

    @admin.display(description="State", ordering="state")
    def state_text(self, run: Run) -> str:
        tone = rows.TONES.get(run.state, "quiet")
        return format_html('<span class="sl-{}">{}</span>', tone, run.get_state_display())

    @admin.display(description="Candles", ordering="interval")
    def candles(self, run: Run) -> str:
        return formatting.interval(run.interval)

    @admin.display(description="Total PnL")
    def result(self, run: Run) -> str:
        return rows.metric("total_pnl_pct", (run.metrics or {}).get("total_pnl_pct")).text

    @admin.display(description="Trades")
    def trades(self, run: Run) -> str:
        return f"{run.metrics['trades']:,}" if run.metrics else formatting.NOTHING

    @admin.display(description="Made (UTC)", ordering="created_at")
    def made(self, run: Run) -> str:
        return formatting.moment(run.created_at).text


def _tunable(run: Run) -> list[tuple[str, str]]:
    """The parameters along which it may be replayed, by name and label."""
    if run.kind in (Run.Kind.FIDELITY, Run.Kind.SHADOW):
        return []
    try:
        declared = strategies.get(run.strategy).parameters
    except strategies.UnknownStrategy:
        return []
    return [(one.name, formatting.label(one.name)) for one in declared if one.tuned]

"""Backtests: the list, the page of one, and the routes of ``views``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics.models import Run
from analytics.research import backtest, run_store
from trading import formatting, strategies
from trading.admin.base import Exported, ReadOnlyAdmin, resource_for

from . import fidelity_rows, rows, views

TRADES_SHOWN = 50
OTHERS_SHOWN = 50
POSTED = (views.sensitivity, views.repeat, views.what_if, views.fidelity, views.counterfactual)


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
        "created",
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
        runs: QuerySet[Run] = super().get_queryset(request)
        return runs.select_related("bot", "instance")

    def get_urls(self) -> list[URLPattern]:
        change = "counterfactual/<int:instance>/<int:version>/"
        pages = (
            ("<int:pk>/picture/", views.picture, "picture"),
            ("<int:pk>/state/", views.state, "state"),
            ("<int:pk>/sensitivity/", views.sensitivity, "sensitivity"),
            ("<int:pk>/repeat/", views.repeat, "repeat"),
            ("compare/", views.compare, "compare"),
            ("whatif/<int:instance>/", views.what_if, "whatif"),
            ("fidelity/<int:instance>/", views.fidelity, "fidelity"),
            (change, views.counterfactual, "counterfactual"),
        )
        return [
            *(
                path(route, self._page(view), name=f"analytics_run_{name}")
                for route, view, name in pages
            ),
            *super().get_urls(),
        ]

    def _page(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """The view behind the login and the permission to view backtests."""

        def permitted(request: HttpRequest, **arguments: int) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(self, request, **arguments)

        page: Callable[..., HttpResponse] = self.admin_site.admin_view(
            require_POST(permitted) if view in POSTED else permitted
        )
        return page

    def may_start(self, request: HttpRequest) -> bool:
        """Whether this user may start backtests."""
        return request.user.has_perm("analytics.add_run")

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
        context: dict[str, Any] = {"run": run, "active": run.state in Run.ACTIVE}
        if run.state == Run.State.DONE:
            context |= self._results(request, run)
        return self.render(request, "analytics/run.html", run.name, **context)

    def _results(self, request: HttpRequest, run: Run) -> dict[str, Any]:
        trades = run_store.trades(run)
        page = Paginator(trades, TRADES_SHOWN).get_page(request.GET.get("page"))
        others = Run.objects.filter(state=Run.State.DONE).exclude(pk=run.pk)
        return {
            "headline": rows.headline(run),
            "metrics": rows.metrics(run),
            "facts": rows.facts(run),
            "funnel": rows.run_funnel(run),
            "values": [
                (formatting.label(name), cell) for name, cell in rows.parameters(run).items()
            ],
            "columns": rows.COLUMNS,
            "rows": [rows.trade_cells(trade) for trade in page],
            "page": page,
            "changes": backtest.changes(run),
            "may_start": self.may_start(request),
            "others": others.order_by("-pk")[:OTHERS_SHOWN],
            "sensitivity": views.sensitivity_points(run),
            "tunable": _tunable(run),
            "bot_funnel": rows.bot_funnel(run),
            "relaxations": rows.relaxations(run),
            "fidelity": rows.fidelity_note(run),
            "comparison": fidelity_rows.page(run) if run.kind == Run.Kind.FIDELITY else None,
        }

    @admin.display(description="Backtest", ordering="pk")
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

    @admin.display(description="Created", ordering="created_at")
    def created(self, run: Run) -> str:
        return formatting.minute(run.created_at).text


def _tunable(run: Run) -> list[tuple[str, str]]:
    """The parameters whose range can be tested, by name and label."""
    if run.kind in (Run.Kind.FIDELITY, Run.Kind.SHADOW):
        return []
    try:
        declared = strategies.get(run.strategy).parameters
    except strategies.UnknownStrategy:
        return []
    return [
        (parameter.name, formatting.label(parameter.name))
        for parameter in declared
        if parameter.tuned
    ]

"""Strategies with their live parameters, and all versions of parameters."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from trading import formatting
from trading.admin.base import Exported, PagedAdmin, resource_for
from trading.admin.experiments import plan_form
from trading.admin.strategy_page import StrategyPage, route, with_page
from trading.models import LiveSet, ParameterSet, StrategyInstance
from trading.strategies import REGISTRY

from . import files
from .by_value import values
from .change_log import changes, export
from .compare import compare
from .editor import editor
from .history import history, version
from .rollback import rollback

LIVE = "live__parameter_set"
PAGES = (
    ("compare/", compare, "compare"),
    ("rollback/<int:to>/", rollback, "rollback"),
    ("values/<str:name>/", values, "values"),
    ("export/<int:version>/", files.export, "export_set"),
    ("name/<int:version>/", files.rename, "name"),
    ("import/", files.import_file, "import_set"),
    ("experiments/", plan_form.overview, "experiments"),
    ("experiments/new/", plan_form.new, "new_experiment"),
)
TABLES = (("changes/", changes, "changes"), ("changes/export.csv", export, "changes_csv"))


@admin.register(StrategyInstance)
class StrategyInstanceAdmin(Exported, PagedAdmin):
    list_display = ("name_text", "bot", "title", "status", "live_version", "live_since")
    list_filter = ("bot", "strategy", "status")
    search_fields = ("strategy", "label", "bot__name")
    list_select_related = ("bot", LIVE)
    resource_classes = (
        resource_for(
            StrategyInstance, "bot__name", "strategy", "label", "status", "size", "created_at"
        ),
    )

    @admin.display(description="Strategy", ordering="strategy")
    def name_text(self, row: StrategyInstance) -> str:
        return row.name

    @admin.display(description="Title")
    def title(self, row: StrategyInstance) -> str:
        return REGISTRY[row.strategy].title if row.strategy in REGISTRY else "custom strategy"

    @admin.display(description="Live version")
    def live_version(self, row: StrategyInstance) -> str:
        live = _live(row)
        return f"v{live.parameter_set.version}" if live else formatting.NOTHING

    @admin.display(description="Live since")
    def live_since(self, row: StrategyInstance) -> str:
        live = _live(row)
        return formatting.moment(live.live_from).text if live else formatting.NOTHING

    def get_urls(self) -> list[Any]:
        own = [route(self, pattern, view, name) for pattern, view, name in PAGES]
        table = [
            path(pattern, self.admin_site.admin_view(partial(view, self)), name=self.url_name(name))
            for pattern, view, name in TABLES
        ]
        return [*table, *own, *super().get_urls()]

    def page(self, request: HttpRequest, instance: StrategyInstance) -> HttpResponse:
        return editor(StrategyPage(self, request, instance))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return with_page(self, request, object_id, history)


def _live(instance: StrategyInstance) -> LiveSet | None:
    try:
        return instance.live
    except LiveSet.DoesNotExist:
        return None


@admin.register(ParameterSet)
class ParameterSetAdmin(Exported, PagedAdmin):
    list_display = ("set_text", "name_text", "instance", "origin", "author", "created", "reason")
    list_filter = ("instance", "origin")
    search_fields = ("reason", "preset__name")
    list_select_related = ("instance__bot", "author", "preset")
    ordering = ("-id",)
    resource_classes = (
        resource_for(
            ParameterSet,
            "instance__bot__name",
            "instance__strategy",
            "instance__label",
            "version",
            "preset__name",
            "created_at",
            "origin",
            "author__username",
            "reason",
            "values",
        ),
    )

    @admin.display(description="Version", ordering="version")
    def set_text(self, row: ParameterSet) -> str:
        return f"v{row.version}"

    @admin.display(description="Name")
    def name_text(self, row: ParameterSet) -> str:
        return row.name

    @admin.display(description="Created", ordering="created_at")
    def created(self, row: ParameterSet) -> str:
        return formatting.moment(row.created_at).text

    def page(self, request: HttpRequest, shown: ParameterSet) -> HttpResponse:
        return version(StrategyPage(self, request, shown.instance), shown)

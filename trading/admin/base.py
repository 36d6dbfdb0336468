"""Base classes of the admin: read-only pages, exports, allowed lookups."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, JSON
from import_export.resources import ModelResource
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm

from selflearn.admin_theme import menu_title
from trading.formatting import csv_export

REFUSED = {"regex", "iregex"}


class SafeResource(ModelResource):
    """An import-export resource that follows the rule of ``csv_export``."""

    def export_field(self, field: Any, instance: Model, **kwargs: Any) -> Any:
        return csv_export.cell(super().export_field(field, instance, **kwargs))


def resource_for(model: type[Model], *fields: str) -> type[SafeResource]:
    """An export of these columns of a model."""
    meta = type("Meta", (), {"model": model, "fields": fields, "export_order": fields})
    return type(f"{model.__name__}Export", (SafeResource,), {"Meta": meta})


class TradingAdmin(ModelAdmin):
    """A list that does not count its table twice and refuses lookups that would scan it."""

    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    actions = None

    @property
    def list_title(self) -> str:
        """The list's title in the menu, or the model's plural name."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        address = reverse(f"{self.admin_site.name}:{name}_changelist")
        return menu_title(address) or self.opts.verbose_name_plural.capitalize()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        request.list_title = self.list_title
        context = {"title": self.list_title, **(extra_context or {})}
        return super().changelist_view(request, context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.list_title = self.list_title
        return super().changeform_view(request, *args, **kwargs)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        if REFUSED & set(lookup.split("__")):
            return False
        return super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin(TradingAdmin):
    """Rows to look at: nothing can be added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PagedAdmin(ReadOnlyAdmin):
    """Rows shown on a page of their own (``page``) instead of a form."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        return self.page(request, found)

    def page(self, request: HttpRequest, found: Any) -> HttpResponse:
        """The page of one row; permissions are already checked."""
        raise NotImplementedError


class Exported(ExportMixin):
    """CSV and JSON export of a small table, with the list's filters."""

    export_form_class = ExportForm
    formats = (CSV, JSON)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

"""Base classes of the admin: read-only pages, exports, allowed lookups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, JSON
from import_export.resources import ModelResource
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm

from selflearn.admin_theme import menu_title
from trading.formatting import csv_export

REFUSED = {"regex", "iregex"}


def author_of(request: HttpRequest) -> User:
    """Who changes something; the admin lets only people in who are logged in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def show_in_header(request: HttpRequest, list_title: str, list_url: str = "") -> None:
    """Set the list's title in the page header; ``unfold/helpers/header_title.html`` reads it."""
    vars(request).update(list_title=list_title, list_url=list_url)


class SafeResource(ModelResource):  # type: ignore[misc]  # import-export has no types
    """An import-export resource that follows the rule of ``csv_export``."""

    def export_field(self, field: object, instance: Model, **kwargs: object) -> object:
        return csv_export.cell(super().export_field(field, instance, **kwargs))


def resource_for(model: type[Model], *fields: str) -> type[SafeResource]:
    """An export of these columns of a model."""
    meta = type("Meta", (), {"model": model, "fields": fields, "export_order": fields})
    return type(f"{model.__name__}Export", (SafeResource,), {"Meta": meta})


class TradingAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A list that does not count its table twice and refuses lookups that would scan it."""

    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    actions: Sequence[str] | None = None

    @property
    def list_title(self) -> str:
        """The list's title in the menu, or the model's plural name."""
        address = reverse(f"{self.admin_site.name}:{self.url_name('changelist')}")
        return menu_title(address) or str(self.opts.verbose_name_plural).capitalize()

    def url_name(self, view: str) -> str:
        """The name of a URL of this model: ``trading_bot_freeze`` for ``freeze``."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"

    def render(
        self, request: HttpRequest, template: str, title: str, **context: object
    ) -> TemplateResponse:
        """A page of this model in the admin's frame."""
        request.current_app = self.admin_site.name
        show_in_header(request, self.list_title)
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, {**frame, **context})

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        show_in_header(request, self.list_title)
        context = {"title": self.list_title, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        show_in_header(request, self.list_title)
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, extra_context
        )
        return response

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        if REFUSED & set(lookup.split("__")):
            return False
        return bool(super().lookup_allowed(lookup, value, request))


class ReadOnlyAdmin(TradingAdmin):
    """Rows that cannot be added, changed or deleted."""

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
        return self.with_object(request, object_id, self.page)

    def with_object(
        self, request: HttpRequest, object_id: str, view: Callable[[HttpRequest, Any], HttpResponse]
    ) -> HttpResponse:
        """The view's response for a row that the user may see; else a redirect to the list."""
        row = self.get_object(request, object_id)
        if row is None:
            redirect: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return redirect
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return view(request, row)

    def page(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The page of one row; permissions are already checked."""
        raise NotImplementedError


class Exported(ExportMixin):  # type: ignore[misc]  # import-export has no types
    """CSV and JSON export of a small table, with the list's filters."""

    export_form_class = ExportForm
    formats = (CSV, JSON)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

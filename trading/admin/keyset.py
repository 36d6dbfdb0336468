"""Admin list of a large table: keyset pagination, indexed filters, streamed CSV export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.http import urlencode

from trading.db.keyset import Key, Listing, Page, page, walk
from trading.formatting import Cell, csv_export

from .base import ReadOnlyAdmin

CURSORS = ("before", "after")
EXPORT_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, and its cell for a row."""

    label: str
    cell: Callable[[Any], Cell]
    kind: str = "text"


def form_classes(form: forms.Form) -> forms.Form:
    """Style the fields of a plain form."""
    for field in form.fields.values():
        field.widget.attrs.setdefault("class", "sl-input")
    return form


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Set the choices of a field."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def refused_filters(form: forms.Form, unknown: Iterable[str] = ()) -> HttpResponse:
    """The plain-text response to an export with invalid or unknown filters."""
    reasons = [f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()]
    reasons += [f"{name}: unknown filter" for name in sorted(unknown)]
    return HttpResponse("\n".join(reasons), status=400, content_type="text/plain")


class KeysetAdmin(ReadOnlyAdmin):
    """Subclasses define columns, filters, and the index ranges that the filters select."""

    page_size = 50
    list_template = "admin/trading/keyset_list.html"
    columns: Sequence[Column] = ()
    csv_header: Sequence[str] = ()
    intro = ""
    nothing_yet = "Nothing here yet."
    nothing_found = "Nothing matches these filters."

    def filters(self, data: Any) -> forms.Form:
        """The filter form; without fields by default."""
        return forms.Form(data)

    def columns_for(self, form: forms.Form) -> Sequence[Column]:
        """The columns to show; filters can make some redundant."""
        return self.columns

    def listing(self, chosen: dict[str, Any]) -> Listing | None:
        """The index ranges for these filters; None if nothing can match."""
        raise NotImplementedError

    def rows(self, keys: list[Key], chosen: dict[str, Any]) -> list[Model]:
        """The rows with these keys, in the same order."""
        raise NotImplementedError

    def search(self, chosen: dict[str, Any]) -> list[Model] | None:
        """The rows found by a search; None without a search."""
        return None

    def csv_row(self, row: Any) -> Sequence[Any]:
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export.csv", export, name=self.url_name("export")), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = form_classes(self.filters(request.GET))
        if unknown := set(request.GET) - set(form.fields) - set(CURSORS):
            return self._without_filters(request, unknown)
        valid = form.is_valid()
        chosen = form.cleaned_data if valid else {}
        rows, current_page = self._page(request, chosen) if valid else ([], Page())
        columns = self.columns_for(form)
        filtered = any(chosen.get(name) not in ("", None) for name in form.fields)
        context = {
            "form": form,
            "columns": columns,
            "rows": [[column.cell(row) for column in columns] for row in rows],
            "page": current_page,
            "links": self._links(request, current_page),
            "intro": self.intro,
            "empty": self.nothing_found if filtered or not valid else self.nothing_yet,
            "filtered": filtered or not valid,
            "export_url": self._link(request, reverse(f"admin:{self.url_name('export')}")),
            **(extra_context or {}),
        }
        return self.render(request, self.list_template, self.list_title, **context)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """All rows that the filters select, as a streamed CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = self.filters(request.GET)
        unknown = set(request.GET) - set(form.fields) - set(CURSORS)
        if unknown or not form.is_valid():
            return refused_filters(form, unknown)
        filename = f"{self.opts.verbose_name_plural}.csv".replace(" ", "_")
        rows = (self.csv_row(row) for row in self._exported(form.cleaned_data))
        return csv_export.response(filename, csv_export.lines(self.csv_header, rows))

    def _exported(self, chosen: dict[str, Any]) -> Iterator[Any]:
        results = self.search(chosen)
        if results is not None:
            yield from results
        elif listing := self.listing(chosen):
            for keys in walk(listing, EXPORT_STEP):
                yield from self.rows(keys, chosen)

    def _page(self, request: HttpRequest, chosen: dict[str, Any]) -> tuple[list[Model], Page]:
        results = self.search(chosen)
        if results is not None:
            return results, Page()
        listing = self.listing(chosen)
        if listing is None:
            return [], Page()
        width = len(listing.columns)
        before, after = (read_cursor(request.GET.get(name, ""), width) for name in CURSORS)
        current = page(listing, self.page_size, before=before, after=None if before else after)
        return self.rows(list(current.keys), chosen), current

    def _links(self, request: HttpRequest, current: Page) -> dict[str, str]:
        links = {}
        if current.newer is not None:
            links["newest"] = self._link(request)
            links["newer"] = self._link(request, after=write_cursor(current.newer))
        if current.older is not None:
            links["older"] = self._link(request, before=write_cursor(current.older))
        return links

    def _link(self, request: HttpRequest, to: str = "", **cursor: str) -> str:
        kept = {name: str(value) for name, value in request.GET.items() if name not in CURSORS}
        filters = {name: value for name, value in kept.items() if value}
        query = urlencode({**filters, **cursor})
        return f"{to}?{query}" if query else to or "?"

    def _without_filters(self, request: HttpRequest, unknown: set[str]) -> HttpResponse:
        kept = {name: str(value) for name, value in request.GET.items() if name not in unknown}
        return HttpResponseRedirect(f"{request.path}?{urlencode(kept)}")


def write_cursor(key: Key) -> str:
    """A key as a query value: ``1641773001000000.17``."""
    return ".".join(map(str, key))


def read_cursor(text: str, width: int) -> Key | None:
    """The key in a query value; None if it is not one."""
    parts = text.split(".")
    if len(parts) != width or not all(_is_int64(part) for part in parts):
        return None
    return tuple(int(part) for part in parts)


def _is_int64(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 18

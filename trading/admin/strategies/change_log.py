"""The change log: a bot's parameter changes as a table, filtered, paged, exported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from trading import formatting
from trading.admin.base import PagedAdmin, show_in_header
from trading.admin.keyset import Column, form_classes, offer, refused_filters
from trading.bots.catalog import declaration
from trading.formatting import Cell, csv_export, label, setting
from trading.models import Bot, LivePeriod, Mode, StrategyInstance
from trading.parameters import history

PAGE_SIZE = 100
Row = dict[str, Any]

REASON_SHOWN = 90  # characters; the history shows all

COLUMNS = (
    Column("Changed", lambda row: formatting.minute(row["changed_at"]), "time"),
    Column("Strategy", lambda row: Cell(row["strategy"])),
    Column(
        "Version", lambda row: Cell(f"v{row['version']}", "number", "", row["history"]), "number"
    ),
    Column("Parameter", lambda row: Cell(label(row["parameter_name"]), "text", "", row["values"])),
    Column("Old", lambda row: Cell(setting(row["old_value"], row["unit"]), "value"), "value"),
    Column("New", lambda row: Cell(setting(row["new_value"], row["unit"]), "value"), "value"),
    Column("Trades before", lambda row: formatting.count(row["trades_before"]), "number"),
    Column("Avg PnL before", lambda row: _performance(row, "before"), "number"),
    Column("Trades after", lambda row: formatting.count(row["trades_after"]), "number"),
    Column("Avg PnL after", lambda row: _performance(row, "after"), "number"),
    Column("By", lambda row: Cell(row["changed_by"])),
    Column("Reason", lambda row: _reason(row["reason"]), "long"),
)


class ChangeFilters(forms.Form):
    """The filters of the change log."""

    bot = forms.ChoiceField(label="Bot")
    strategy = forms.ChoiceField(label="Strategy", required=False)
    parameter = forms.ChoiceField(label="Parameter", required=False)
    mode = forms.ChoiceField(
        label="Trades", required=False, choices=[("", "Live (or paper)"), *Mode.choices]
    )
    since = forms.DateField(label="From (UTC)", required=False)
    until = forms.DateField(label="To (UTC)", required=False)
    first = forms.ChoiceField(
        label="Initial values", required=False, choices=[("", "Hide"), ("yes", "Show")]
    )

    def __init__(self, data: Any) -> None:
        bots = list(Bot.objects.values_list("name", flat=True))
        query = {**data.dict()} if data else {}
        query.setdefault("bot", _newest_bot() or (bots[0] if bots else ""))
        super().__init__(query)
        self.instances = list(
            StrategyInstance.objects.filter(bot__name=query["bot"]).select_related("bot")
        )
        names = {
            parameter.name
            for instance in self.instances
            if (rules := declaration(instance))
            for parameter in rules.parameters
        }
        offer(self, "bot", [(name, name) for name in bots])
        self._offer("strategy", {instance.name for instance in self.instances})
        labels = sorted(((name, label(name)) for name in names), key=lambda choice: choice[1])
        offer(self, "parameter", [("", "All"), *labels])
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})

    def _offer(self, name: str, values: set[str]) -> None:
        offer(self, name, [("", "All"), *((value, value) for value in sorted(values))])

    def clean(self) -> dict[str, Any]:
        super().clean()
        chosen = self.cleaned_data
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since > until:
            self.add_error("until", "Must not be before “From”.")
        return chosen

    def rows(self) -> list[Row]:
        """The selected changes, newest first, with the keys of ``history.COLUMNS``."""
        chosen = self.cleaned_data
        since = _midnight(chosen["since"])
        until = _midnight(chosen["until"] + timedelta(days=1)) if chosen["until"] else None
        instances = [row for row in self.instances if chosen["strategy"] in ("", row.name)]
        changes = history.rows(instances, chosen["parameter"] or None, chosen["mode"] or None)
        return [
            row
            for row in changes
            if (chosen["first"] or row["trades_before"] is not None)
            and (since is None or row["changed_at"] >= since)
            and (until is None or row["changed_at"] < until)
        ]


def changes(admin: PagedAdmin, request: HttpRequest) -> HttpResponse:
    """A page of the change log."""
    form = _filters(request)
    rows = form.rows() if form.is_valid() else []
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    filtered = any(form[name].value() for name in form.fields if name != "bot")
    context = {
        "form": form_classes(form),
        "columns": COLUMNS,
        "rows": [
            [column.cell(row) for column in COLUMNS]
            for row in _readable(form.instances, list(page.object_list))
        ],
        "page": page,
        "links": {
            name: _page_link(request, number)
            for name, number in (
                ("newer", page.has_previous() and page.previous_page_number()),
                ("older", page.has_next() and page.next_page_number()),
            )
            if number
        },
        "total": len(rows),
        "filtered": filtered,
        "export_url": f"{reverse('admin:trading_strategyinstance_changes_csv')}"
        f"?{request.GET.urlencode()}",
    }
    response = admin.render(
        request, "admin/trading/strategyinstance/changes.html", "Change log", **context
    )
    show_in_header(request, "Change log", request.path)
    return response


def export(admin: PagedAdmin, request: HttpRequest) -> HttpResponseBase:
    """All selected changes as CSV."""
    form = _filters(request)
    if not form.is_valid():
        return refused_filters(form)
    return csv_export.response("parameter_changes.csv", history.as_csv(form.rows()))


def _filters(request: HttpRequest) -> ChangeFilters:
    if not request.user.has_perm("trading.view_strategyinstance"):
        raise PermissionDenied
    return ChangeFilters(request.GET)


def _newest_bot() -> str | None:
    """The bot with the newest parameter change."""
    newest = LivePeriod.objects.order_by("-id").select_related("instance__bot").first()
    return newest.instance.bot.name if newest else None


def _midnight(day: Any) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _readable(instances: Sequence[StrategyInstance], rows: Sequence[Row]) -> list[Row]:
    """The rows with their parameter's unit and links."""
    by_name = {instance.name: instance for instance in instances}
    units = {
        (name, parameter.name): parameter.unit
        for name, instance in by_name.items()
        if (rules := declaration(instance))
        for parameter in rules.parameters
    }
    readable = []
    for row in rows:
        key, name = by_name[row["strategy"]].pk, row["parameter_name"]
        known = (row["strategy"], name) in units
        history_url = reverse("admin:trading_strategyinstance_history", args=[key])
        values = reverse("admin:trading_strategyinstance_values", args=[key, name])
        more = {
            "unit": units.get((row["strategy"], name), ""),
            "values": values if known else "",
            "history": f"{history_url}#v{row['version']}",
        }
        readable.append(row | more)
    return readable


def _version(row: Row) -> Cell:
    return Cell(f"v{row['version']}", "number", "", row["history"])


def _reason(reason: str) -> Cell:
    if len(reason) <= REASON_SHOWN:
        return Cell(reason, "long")
    return Cell(f"{reason[: REASON_SHOWN - 1]}…", "long", title=reason)


def _performance(row: Row, side: str) -> Cell:
    why = {
        "before": "No trades before",
        "after": "Shown after enough trades, or at the next change",
    }
    return formatting.result(row[f"performance_{side}"], "%", 4, why[side])


def _page_link(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"

"""The flat table of a bot's parameter changes: filtered, paged, downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from trading import formatting
from trading.admin.keyset import Column, form_classes
from trading.bots.catalog import declaration
from trading.formatting import Cell, label, setting
from trading.models import Bot, LivePeriod, Mode, StrategyInstance
from trading.parameters import history

PAGE_SIZE = 100
Row = dict[str, Any]

REASON_SHOWN = 90  # characters; the story has all of it

COLUMNS = (
    Column("Changed", lambda row: formatting.minute(row["changed_at"]), "time"),
    Column("Strategy", lambda row: Cell(row["strategy"])),
    Column("Version", lambda row: Cell(f"v{row['version']}", "number", "", row["story"]), "number"),
    Column("Parameter", lambda row: Cell(label(row["parameter_name"]), "text", "", row["values"])),
    Column("Old", lambda row: Cell(setting(row["old_value"], row["unit"]), "value"), "value"),
    Column("New", lambda row: Cell(setting(row["new_value"], row["unit"]), "value"), "value"),
    Column("Trades before", lambda row: formatting.count(row["trades_before"]), "number"),
    Column("Average before", lambda row: _performance(row, "before"), "number"),
    Column("Trades after", lambda row: formatting.count(row["trades_after"]), "number"),
    Column("Average after", lambda row: _performance(row, "after"), "number"),
    Column("By", lambda row: Cell(row["changed_by"])),
    Column("Reason", lambda row: _reason(row["reason"]), "long"),
)


class ChangeFilters(forms.Form):
    """Which changes to list; only what is there is offered."""

    bot = forms.ChoiceField(label="Bot")
    strategy = forms.ChoiceField(label="Strategy", required=False)
    parameter = forms.ChoiceField(label="Parameter", required=False)
    mode = forms.ChoiceField(
        label="Trades", required=False, choices=[("", "Live, else paper"), *Mode.choices]
    )
    since = forms.DateField(label="From (UTC)", required=False)
    until = forms.DateField(label="To (UTC)", required=False)
    first = forms.ChoiceField(
        label="First values", required=False, choices=[("", "Leave out"), ("yes", "Show")]
    )

    def __init__(self, data: Any) -> None:
        bots = list(Bot.objects.values_list("name", flat=True))
        given = {**data.dict()} if data else {}
        given.setdefault("bot", _newest_bot() or (bots[0] if bots else ""))
        super().__init__(given)
        self.instances = list(
            StrategyInstance.objects.filter(bot__name=given["bot"]).select_related("bot")
        )
        names = {
            parameter.name
            for instance in self.instances
            if (rules := declaration(instance))
            for parameter in rules.parameters
        }
        self.fields["bot"].choices = [(name, name) for name in bots]
        self._offer("strategy", {instance.name for instance in self.instances})
        self.fields["parameter"].choices = [
            ("", "All"),
            *sorted(((name, label(name)) for name in names), key=lambda one: one[1]),
        ]
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})

    def _offer(self, name: str, values: set[str]) -> None:
        self.fields[name].choices = [("", "All"), *((value, value) for value in sorted(values))]

    def clean(self) -> dict[str, Any]:
        chosen = super().clean()
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since > until:
            self.add_error("until", "This is before the other date.")
        return chosen

    def rows(self) -> list[Row]:
        """What a valid form selects, newest first, with the names of the contract."""
        chosen = self.cleaned_data
        since = _midnight(chosen["since"])
        until = _midnight(chosen["until"] + timedelta(days=1)) if chosen["until"] else None
        wanted = [one for one in self.instances if chosen["strategy"] in ("", one.name)]
        found = history.rows(wanted, chosen["parameter"] or None, chosen["mode"] or None)
        return [
            row
            for row in found
            if (chosen["first"] or row["trades_before"] is not None)
            and (since is None or row["changed_at"] >= since)
            and (until is None or row["changed_at"] < until)
        ]


def changes(admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """A page of the table."""
    form = _asked(request)
    rows = form.rows() if form.is_valid() else []
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    filtered = any(form[name].value() for name in form.fields if name != "bot")
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Parameter changes",
        "form": form_classes(form),
        "columns": COLUMNS,
        "rows": [
            [column.cell(row) for column in COLUMNS]
            for row in _readable(form.instances, page.object_list)
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
    request.current_app = admin.admin_site.name
    request.list_title, request.list_url = "Parameter changes", request.path
    return TemplateResponse(request, "admin/trading/strategyinstance/changes.html", context)


def export(admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Every row that the filters select, with the columns of the contract, as CSV."""
    form = _asked(request)
    if not form.is_valid():
        reasons = [f"{name}: {' '.join(text)}" for name, text in form.errors.items()]
        return HttpResponse("\n".join(reasons), status=400, content_type="text/plain")
    lines = history.as_csv(form.rows())
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="parameter_changes.csv"'
    return answer


def _asked(request: HttpRequest) -> ChangeFilters:
    if not request.user.has_perm("trading.view_strategyinstance"):
        raise PermissionDenied
    return ChangeFilters(request.GET)


def _newest_bot() -> str | None:
    """The bot whose parameters changed last."""
    newest = LivePeriod.objects.order_by("-id").select_related("instance__bot").first()
    return newest.instance.bot.name if newest else None


def _midnight(day: Any) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _readable(instances: Sequence[StrategyInstance], rows: Sequence[Row]) -> list[Row]:
    """The rows with the unit of their parameter and the addresses of its pages."""
    by_name = {instance.name: instance for instance in instances}
    units = {
        (name, parameter.name): parameter.unit
        for name, instance in by_name.items()
        if (rules := declaration(instance))
        for parameter in rules.parameters
    }
    found = []
    for row in rows:
        key, name = by_name[row["strategy"]].pk, row["parameter_name"]
        known = (row["strategy"], name) in units
        story = reverse("admin:trading_strategyinstance_history", args=[key])
        values = reverse("admin:trading_strategyinstance_values", args=[key, name])
        more = {
            "unit": units.get((row["strategy"], name), ""),
            "values": values if known else "",
            "story": f"{story}#v{row['version']}",
        }
        found.append(row | more)
    return found


def _reason(reason: str) -> Cell:
    if len(reason) <= REASON_SHOWN:
        return Cell(reason, "long")
    return Cell(f"{reason[: REASON_SHOWN - 1]}…", "long", title=reason)


def _performance(row: Row, side: str) -> Cell:
    why = {
        "before": "Nothing is known to have traded before",
        "after": "Told after enough trades, or when the next change comes",
    }
    return formatting.result(row[f"performance_{side}"], "%", 4, why[side])


def _page_link(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"

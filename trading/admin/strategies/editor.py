"""Change the live parameters of a strategy: form, review, new version.

Each step posts all values again and validates them again, so nothing is stored in between and no
script is needed. A concurrent change is shown as a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from trading import parameters
from trading.admin import metric_cells, panels
from trading.admin.base import author_of
from trading.admin.diff_rows import Difference, readable
from trading.admin.forms import REASON, SEEN, ParametersForm, hidden, proposed
from trading.admin.strategy_page import StrategyPage, author_text
from trading.models import Origin, ParameterSet
from trading.parameters import by_value
from trading.parameters.diff import Values, difference
from trading.parameters.errors import Refused, Stale

REVIEW, CONFIRM, EDIT = "review", "confirm", "edit"


def editor(page: StrategyPage) -> HttpResponse:
    """The form and its next steps."""
    post = page.request.method == "POST"
    if post:
        page.require_change()
    if page.rules is None or page.live is None:
        return _form_page(page, None)
    filled = {} if post else proposed(page.rules, page.request.GET)
    form = _form(page, page.request.POST if post else None, filled)
    step = page.request.POST.get("step", REVIEW)
    if not post:
        return _form_page(page, form, bool(filled))
    if step == EDIT or page.frozen:
        return _form_page(page, _form(page, typed=form.typed()))
    if not form.is_valid():
        return _form_page(page, form)
    if form.seen != form.version:
        return _conflict(page, form)
    if form.unchanged:
        messages.info(page.request, f"No change: version {form.version} stays live.")
        return page.redirect("change")
    return _promote(page, form) if step == CONFIRM else _review(page, form)


def _form(
    page: StrategyPage,
    data: Mapping[str, Any] | None = None,
    typed: Mapping[str, Any] | None = None,
) -> ParametersForm:
    live = page.live_version
    assert page.rules is not None
    return ParametersForm(page.rules, page.values(live), live.version, data, typed)


def _form_page(
    page: StrategyPage, form: ParametersForm | None, filled: bool = False
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "editable": False, "filled": filled}
    parts = panels.parameters(page)
    if form is not None:
        results = by_value.so_far(page.instance, form.live, page.mode)
        groups = form.groups()
        for row in (row for group in groups for row in group["fields"]):
            name = row["field"].name
            row["so_far"] = metric_cells.brief(results[name])
            row["values_url"] = page.url("values", name)
        context |= {"groups": groups, "editable": page.may_change and not page.frozen}
    return page.answer("page", "change", parts=parts, **context)


def _review(page: StrategyPage, form: ParametersForm) -> HttpResponse:
    return page.answer(
        "review",
        "change",
        "Review change",
        changes=_differences(page, form.live, form.values),
        reason=form.cleaned_data[REASON],
        hidden=hidden(form.typed()),
        next_version=next_version(page),
    )


def _promote(page: StrategyPage, form: ParametersForm) -> HttpResponse:
    """Make the new version live and redirect to the history."""
    try:
        version = parameters.promote(
            instance=page.instance,
            values=form.values,
            reason=form.cleaned_data[REASON],
            origin=Origin.ADMIN,
            author=author_of(page.request),
            seen=form.version,
        )
    except Stale:
        # A concurrent change went live a moment ago: start again.
        return editor(StrategyPage(page.admin, page.request, page.instance))
    except Refused as refused:
        form.add_errors(refused.errors)
        return _form_page(page, form)
    messages.success(page.request, f"Version {version.version} of {page.instance.name} is live.")
    return page.redirect("history")


def _conflict(page: StrategyPage, form: ParametersForm) -> HttpResponse:
    """Another change went live while the form was open: show both."""
    base = page.version(form.seen)
    if base is None:
        form.add_error(None, "Reload the page: it does not say which version it was based on.")
        return _form_page(page, form)
    before = page.values(base)
    mine = {name: value for name, value in form.values.items() if value != before[name]}
    merged = {**form.live, **mine}
    if merged == form.live:
        text = f"No change: version {form.version} already has your values."
        messages.info(page.request, text)
        return page.redirect("history")
    theirs = _differences(page, before, form.live)
    on_top = _differences(page, form.live, merged)
    values = {**merged, REASON: form.cleaned_data[REASON], SEEN: form.version}
    return page.answer(
        "conflict",
        "change",
        "Conflicting change",
        base=base,
        live=page.live_version,
        live_from=page.live.live_from if page.live else None,
        by=author_text(page.live_version),
        theirs=theirs,
        mine=on_top,
        both=[change for change in on_top if change.name in {other.name for other in theirs}],
        reason=form.cleaned_data[REASON],
        hidden=hidden(values),
    )


def next_version(page: StrategyPage) -> int:
    """The number of the next version."""
    newest: ParameterSet | None = page.instance.parameter_sets.order_by("-version").first()
    return newest.version + 1 if newest else 1


def _differences(page: StrategyPage, old: Values, new: Values) -> list[Difference]:
    return readable(difference(page.instance, old, new), page.rules)

"""Changing a strategy's live parameters: a form, a look at the difference, a new version.

The steps carry what was typed along and judge it anew each time, so that they work without
scripts and nothing is kept in between. Whoever was overtaken sees by what.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from trading import parameters
from trading.admin import metric_cells, panels
from trading.admin.diff_rows import Difference, told
from trading.admin.forms import REASON, SEEN, ParametersForm, hidden, proposed
from trading.admin.strategy_page import StrategyPage, made_by
from trading.models import Origin, ParameterSet
from trading.parameters import by_value
from trading.parameters.diff import Values, difference
from trading.parameters.errors import Refused, Stale

REVIEW, CONFIRM, EDIT = "review", "confirm", "edit"


def editor(page: StrategyPage) -> HttpResponse:
    """The form, and what follows from sending it."""
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
        return _overtaken(page, form)
    if form.unchanged:
        messages.info(page.request, f"Nothing was changed: version {form.version} stays live.")
        return page.redirect("change")
    return _promote(page, form) if step == CONFIRM else _review(page, form)


def _form(page: StrategyPage, data: Any = None, typed: Any = None) -> ParametersForm:
    made = page.live.parameter_set
    return ParametersForm(page.rules, page.values(made), made.version, data, typed)


def _form_page(
    page: StrategyPage, form: ParametersForm | None, filled: bool = False
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "editable": False, "filled": filled}
    parts = panels.parameters(page)
    if form is not None:
        told_so_far = by_value.so_far(page.instance, form.live, page.mode)
        groups = form.groups()
        for row in (row for group in groups for row in group["fields"]):
            name = row["field"].name
            row["so_far"] = metric_cells.brief(told_so_far[name])
            row["values_url"] = page.url("values", name)
        context |= {"groups": groups, "editable": page.may_change and not page.frozen}
    return page.answer("page", "change", parts=parts, **context)


def _review(page: StrategyPage, form: ParametersForm) -> HttpResponse:
    return page.answer(
        "review",
        "change",
        "Review the change",
        changes=_differences(page, form.live, form.values),
        reason=form.cleaned_data[REASON],
        hidden=hidden(form.typed()),
        next_version=next_version(page),
    )


def _promote(page: StrategyPage, form: ParametersForm) -> HttpResponse:
    """Make the new version and lead to its place in the story."""
    try:
        made = parameters.promote(
            instance=page.instance,
            values=form.values,
            reason=form.cleaned_data[REASON],
            origin=Origin.ADMIN,
            author=page.request.user,
            seen=form.version,
        )
    except Stale:
        # Somebody was faster by a moment: look again at what is live.
        return editor(StrategyPage(page.admin, page.request, page.instance))
    except Refused as refused:
        form.blame(refused.errors)
        return _form_page(page, form)
    messages.success(page.request, f"Version {made.version} of {page.instance.name} is live.")
    return page.redirect("history")


def _overtaken(page: StrategyPage, form: ParametersForm) -> HttpResponse:
    """What became live while the form was open, beside what was typed on the version before."""
    seen = page.version(form.seen)
    if seen is None:
        form.add_error(None, "Open the page again: it does not say which version it showed.")
        return _form_page(page, form)
    base = page.values(seen)
    mine = {name: value for name, value in form.values.items() if value != base[name]}
    merged = {**form.live, **mine}
    if merged == form.live:
        text = f"Your change is live already, with version {form.version}; nothing was saved."
        messages.info(page.request, text)
        return page.redirect("history")
    theirs = _differences(page, base, form.live)
    on_top = _differences(page, form.live, merged)
    carried = {**merged, REASON: form.cleaned_data[REASON], SEEN: form.version}
    return page.answer(
        "overtaken",
        "change",
        "Somebody was faster",
        seen=seen,
        now=page.live.parameter_set,
        live_from=page.live.live_from,
        by=made_by(page.live.parameter_set),
        theirs=theirs,
        mine=on_top,
        both=[each for each in on_top if each.name in {other.name for other in theirs}],
        reason=form.cleaned_data[REASON],
        hidden=hidden(carried),
    )


def next_version(page: StrategyPage) -> int:
    """The number that the next version gets, if nobody is faster."""
    newest: ParameterSet | None = page.instance.parameter_sets.order_by("-version").first()
    return newest.version + 1 if newest else 1


def _differences(page: StrategyPage, old: Values, new: Values) -> list[Difference]:
    return told(difference(page.instance, old, new), page.rules)

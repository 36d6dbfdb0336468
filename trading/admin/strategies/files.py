"""A version leaves as a JSON file, comes back from one, and gets a name."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from trading.admin.diff_rows import told
from trading.admin.forms import REASON, SEEN
from trading.admin.strategy_page import StrategyPage, said
from trading.parameters import files, presets
from trading.parameters.diff import difference
from trading.parameters.errors import Refused, Stale
from trading.strategies.base import InvalidValues
from trading.strategies.parameters import Value

from .editor import CONFIRM, EDIT, next_version
from .file_form import SetFileForm

TEXT = "text"


def export(page: StrategyPage, version: int) -> HttpResponse:
    """The version as a file that ``bring`` takes, here or at another bot."""
    made = page.version(version)
    if made is None or page.rules is None:
        messages.error(page.request, f"{page.instance.name} has no version {version} to export.")
        return page.redirect("history")
    text = json.dumps(files.export_set(made), indent=2)
    answer = HttpResponse(text + "\n", content_type="application/json")
    name = f"{page.instance.name.replace('@', '_')}_v{version}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def name_it(page: StrategyPage, version: int) -> HttpResponse:
    """Give a version a name, another one, or none; then back to its place in the story."""
    page.require_change()
    made = page.version(version)
    if page.request.method == "POST" and made is not None:
        name = page.request.POST.get("name", "")
        try:
            named = presets.name_set(made, name, author=page.request.user)
        except Refused as refused:
            messages.error(page.request, said(refused))
        else:
            what = f"is called “{named.name}” now" if named else "has no name now"
            messages.success(page.request, f"Version {version} {what}.")
    return page.redirect("history", anchor=f"v{version}")


def bring(page: StrategyPage) -> HttpResponse:
    """A set from a file: shown as a difference first, then made a version that is live."""
    page.require_change()
    if page.rules is None or page.live is None:
        return page.redirect("history")
    if page.request.method != "POST":
        return _ask(page, SetFileForm())
    step = page.request.POST.get("step", "")
    if step == EDIT or page.frozen:
        return _ask(page, SetFileForm(initial=page.request.POST.dict()))
    form = SetFileForm(page.request.POST, page.request.FILES)
    if not form.is_valid():
        return _ask(page, form)
    try:
        values = page.rules.clean(
            files.values_in(form.cleaned_data["document"], page.rules, page.instance.name)
        )
        if values == page.values(page.live.parameter_set):
            messages.info(page.request, "Nothing was changed: these values are live already.")
            return page.redirect("history")
        if step == CONFIRM:
            return _made(page, form)
    except Stale as stale:
        messages.warning(page.request, said(stale))
        page = StrategyPage(page.admin, page.request, page.instance)
    except (InvalidValues, Refused) as refused:
        for name, texts in refused.errors.items():
            form.blame(name, [page.sentence(name, text) for text in texts])
        return _ask(page, form)
    return _review(page, form, values)


def _ask(page: StrategyPage, form: SetFileForm) -> HttpResponse:
    plain = f'{{"{page.instance.name}": {{"parameter": value}}}}'
    return page.answer("import", "history", "Import a set", form=form, plain=plain)


def _review(page: StrategyPage, form: SetFileForm, values: dict[str, Value]) -> HttpResponse:
    live = page.live.parameter_set
    carried: dict[str, Any] = {
        TEXT: json.dumps(form.cleaned_data["document"]),
        REASON: form.cleaned_data[REASON],
        SEEN: live.version,
    }
    return page.answer(
        "review",
        "history",
        "Review the import",
        changes=told(difference(page.instance, live.values, values), page.rules),
        reason=form.cleaned_data[REASON],
        hidden=list(carried.items()),
        next_version=next_version(page),
    )


def _made(page: StrategyPage, form: SetFileForm) -> HttpResponse:
    made = files.import_set(
        instance=page.instance,
        document=form.cleaned_data["document"],
        reason=form.cleaned_data[REASON],
        author=page.request.user,
        seen=form.cleaned_data[SEEN],
    )
    messages.success(page.request, f"Version {made.version} of {page.instance.name} is live.")
    return page.redirect("history")

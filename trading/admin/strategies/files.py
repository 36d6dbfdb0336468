"""Export of a version as JSON, import from JSON, and names of versions."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from trading.admin.base import author_of
from trading.admin.diff_rows import readable
from trading.admin.forms import REASON, SEEN
from trading.admin.strategy_page import StrategyPage, error_text
from trading.parameters import files, presets
from trading.parameters.diff import difference
from trading.parameters.errors import Refused, Stale
from trading.strategies.base import InvalidValues
from trading.strategies.parameters import Value

from .editor import CONFIRM, EDIT, next_version
from .file_form import SetFileForm

TEXT = "text"


def export(page: StrategyPage, version: int) -> HttpResponse:
    """The version as a JSON file that ``import_file`` accepts, for this bot or another."""
    parameter_set = page.version(version)
    if parameter_set is None or page.rules is None:
        messages.error(page.request, f"{page.instance.name} has no version {version} to export.")
        return page.redirect("history")
    text = json.dumps(files.export_set(parameter_set), indent=2)
    filename = f"{page.instance.name.replace('@', '_')}_v{version}.json"
    return HttpResponse(
        text + "\n",
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def rename(page: StrategyPage, version: int) -> HttpResponse:
    """Set or remove the name of a version."""
    page.require_change()
    parameter_set = page.version(version)
    if page.request.method == "POST" and parameter_set is not None:
        name = page.request.POST.get("name", "")
        try:
            preset = presets.name_set(parameter_set, name, author=author_of(page.request))
        except Refused as refused:
            messages.error(page.request, error_text(refused))
        else:
            done = f"renamed to “{preset.name}”" if preset else "has no name now"
            messages.success(page.request, f"Version {version} {done}.")
    return page.redirect("history", anchor=f"v{version}")


def import_file(page: StrategyPage) -> HttpResponse:
    """Import parameters from a file: review the difference, then make them live."""
    page.require_change()
    if page.rules is None or page.live is None:
        return page.redirect("history")
    if page.request.method != "POST":
        return _form_page(page, SetFileForm())
    step = page.request.POST.get("step", "")
    if step == EDIT or page.frozen:
        return _form_page(page, SetFileForm(initial=page.request.POST.dict()))
    form = SetFileForm(page.request.POST, page.request.FILES)
    if not form.is_valid():
        return _form_page(page, form)
    try:
        values = page.rules.clean(
            files.values_in(form.cleaned_data["document"], page.rules, page.instance.name)
        )
        if values == page.values(page.live_version):
            messages.info(page.request, "No change: these values are already live.")
            return page.redirect("history")
        if step == CONFIRM:
            return _imported(page, form)
    except Stale as stale:
        messages.warning(page.request, error_text(stale))
        page = StrategyPage(page.admin, page.request, page.instance)
    except (InvalidValues, Refused) as refused:
        for name, texts in refused.errors.items():
            form.add_errors(name, [page.sentence(name, text) for text in texts])
        return _form_page(page, form)
    return _review(page, form, values)


def _form_page(page: StrategyPage, form: SetFileForm) -> HttpResponse:
    plain = f'{{"{page.instance.name}": {{"parameter": value}}}}'
    return page.answer("import", "history", "Import parameters", form=form, plain=plain)


def _review(page: StrategyPage, form: SetFileForm, values: dict[str, Value]) -> HttpResponse:
    live = page.live_version
    hidden: dict[str, Any] = {
        TEXT: json.dumps(form.cleaned_data["document"]),
        REASON: form.cleaned_data[REASON],
        SEEN: live.version,
    }
    return page.answer(
        "review",
        "history",
        "Review import",
        changes=readable(difference(page.instance, live.values, values), page.rules),
        reason=form.cleaned_data[REASON],
        hidden=list(hidden.items()),
        next_version=next_version(page),
    )


def _imported(page: StrategyPage, form: SetFileForm) -> HttpResponse:
    version = files.import_set(
        instance=page.instance,
        document=form.cleaned_data["document"],
        reason=form.cleaned_data[REASON],
        author=author_of(page.request),
        seen=form.cleaned_data[SEEN],
    )
    messages.success(page.request, f"Version {version.version} of {page.instance.name} is live.")
    return page.redirect("history")

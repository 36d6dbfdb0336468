"""Going back to an earlier version: a look at what that changes, a reason, a new version."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse

from trading import parameters
from trading.admin import metric_cells
from trading.admin.diff_rows import Difference, told
from trading.admin.forms import REASON, SEEN, ReasonForm
from trading.admin.strategy_page import StrategyPage, made_by
from trading.models import ParameterSet
from trading.parameters import compare
from trading.parameters.diff import difference
from trading.parameters.errors import Refused, Stale

QUOTED = 120  # characters of the old reason in the one that is proposed


def rollback(page: StrategyPage, to: int) -> HttpResponse:
    """The preview, and the rollback once it is sent with a reason."""
    page.require_change()
    made = page.version(to)
    if made is None or page.live is None or page.rules is None:
        messages.error(page.request, f"{page.instance.name} has no version {to} to go back to.")
        return page.redirect("history")
    changes = told(
        difference(page.instance, page.live.parameter_set.values, page.values(made)), page.rules
    )
    post = page.request.method == "POST" and bool(changes)
    form = ReasonForm(
        page.request.POST if post else None,
        initial={REASON: proposed(made), SEEN: page.live.parameter_set.version},
        help_text="What went wrong, or what the old values do better.",
    )
    if post and form.is_valid() and not _overtaken(page, form) and (done := _done(page, form, to)):
        return done
    return _preview(page, form, made, changes)


def proposed(made: ParameterSet) -> str:
    """A reason to begin with."""
    quoted = made.reason[:QUOTED] + ("…" if len(made.reason) > QUOTED else "")
    return f"Back to version {made.version} ({quoted})"


def _overtaken(page: StrategyPage, form: ReasonForm) -> bool:
    now = page.live.parameter_set
    if form.cleaned_data[SEEN] == now.version:
        return False
    form.add_error(
        None,
        f"Version {now.version} went live while this page was open, {made_by(now)}: "
        f"“{now.reason}” "
        "The difference below is to that version; send again to go back from it.",
    )
    # What is sent next has seen it.
    form.data = {**form.data.dict(), SEEN: str(now.version)}
    return True


def _done(page: StrategyPage, form: ReasonForm, to: int) -> HttpResponse | None:
    try:
        made = parameters.roll_back(
            instance=page.instance,
            to=to,
            reason=form.cleaned_data[REASON],
            author=page.request.user,
            seen=page.live.parameter_set.version,
        )
    except Stale:
        # Somebody was faster by a moment: the page is shown anew, with what is live by now.
        return rollback(StrategyPage(page.admin, page.request, page.instance), to)
    except Refused as refused:
        for name, texts in refused.errors.items():
            place = REASON if name == REASON else None
            form.add_error(place, [page.sentence(name, text) for text in texts])
        return None
    text = f"Version {made.version} is live, with the values of version {to}."
    messages.success(page.request, text)
    return page.redirect("history")


def _preview(
    page: StrategyPage, form: ReasonForm, made: ParameterSet, changes: list[Difference]
) -> HttpResponse:
    live = page.live.parameter_set
    found = compare.compare(live, made, page.mode)
    return page.answer(
        "rollback",
        "history",
        f"Back to version {made.version}",
        made=made,
        by=made_by(made),
        live=live,
        form=form,
        changes=changes,
        results=[
            metric_cells.row(f"Live: v{live.version}", found.a.metrics),
            metric_cells.row(f"v{made.version}", found.b.metrics),
        ],
    )

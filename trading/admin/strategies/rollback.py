"""Roll back to an earlier version: review, reason, new version."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse

from trading import parameters
from trading.admin import metric_cells
from trading.admin.base import author_of
from trading.admin.diff_rows import Difference, readable
from trading.admin.forms import REASON, SEEN, ReasonForm
from trading.admin.strategy_page import StrategyPage, author_text
from trading.models import ParameterSet
from trading.parameters import compare
from trading.parameters.diff import difference
from trading.parameters.errors import Refused, Stale

QUOTED = 120  # characters of the old reason in the proposed one


def rollback(page: StrategyPage, to: int) -> HttpResponse:
    """The review, and the rollback itself once a reason is given."""
    page.require_change()
    version = page.version(to)
    if version is None or page.live is None or page.rules is None:
        messages.error(page.request, f"{page.instance.name} has no version {to}.")
        return page.redirect("history")
    changes = readable(
        difference(page.instance, page.live_version.values, page.values(version)), page.rules
    )
    post = page.request.method == "POST" and bool(changes)
    form = ReasonForm(
        page.request.POST if post else None,
        initial={REASON: proposed(version), SEEN: page.live_version.version},
        help_text="What went wrong, or why the old values are better.",
    )
    if (
        post
        and form.is_valid()
        and not _conflicts(page, form)
        and (done := _rolled_back(page, form, to))
    ):
        return done
    return _review(page, form, version, changes)


def proposed(version: ParameterSet) -> str:
    """The proposed reason."""
    quoted = version.reason[:QUOTED] + ("…" if len(version.reason) > QUOTED else "")
    return f"Back to version {version.version} ({quoted})"


def _conflicts(page: StrategyPage, form: ReasonForm) -> bool:
    live = page.live_version
    if form.cleaned_data[SEEN] == live.version:
        return False
    form.add_error(
        None,
        f"Version {live.version} went live while this page was open, {author_text(live)}: "
        f"“{live.reason}” "
        "The changes below are relative to it; submit again to roll back.",
    )
    # The next submission is based on the live version.
    form.data = {**{name: form.data[name] for name in form.data}, SEEN: str(live.version)}
    return True


def _rolled_back(page: StrategyPage, form: ReasonForm, to: int) -> HttpResponse | None:
    try:
        version = parameters.roll_back(
            instance=page.instance,
            to=to,
            reason=form.cleaned_data[REASON],
            author=author_of(page.request),
            seen=page.live_version.version,
        )
    except Stale:
        # A concurrent change went live a moment ago: start again.
        return rollback(StrategyPage(page.admin, page.request, page.instance), to)
    except Refused as refused:
        for name, texts in refused.errors.items():
            place = REASON if name == REASON else None
            form.add_error(place, [page.sentence(name, text) for text in texts])
        return None
    text = f"Version {version.version} is live with the values of version {to}."
    messages.success(page.request, text)
    return page.redirect("history")


def _review(
    page: StrategyPage, form: ReasonForm, version: ParameterSet, changes: list[Difference]
) -> HttpResponse:
    live = page.live_version
    comparison = compare.compare(live, version, page.mode)
    return page.answer(
        "rollback",
        "history",
        f"Roll back to version {version.version}",
        version=version,
        author=author_text(version),
        live=live,
        form=form,
        changes=changes,
        results=[
            metric_cells.row(f"Live: v{live.version}", comparison.a.metrics),
            metric_cells.row(f"v{version.version}", comparison.b.metrics),
        ],
    )

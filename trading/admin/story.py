"""The story of a strategy's parameters: every change, newest first, as people tell it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.http import HttpResponse

from trading.models import LivePeriod, ParameterSet

from .differences import differences
from .strategy_page import StrategyPage

PAGE_SIZE = 100
FOLDED = 6  # more changed values than this are folded away


def story(page: StrategyPage) -> HttpResponse:
    """A page of the story; ``before`` is a version of whose change the next page begins."""
    chapters = _chapters(page)
    start = _start(chapters, page.request.GET.get("before", ""))
    shown = chapters[start : start + PAGE_SIZE]
    older = chapters[start + PAGE_SIZE - 1] if len(chapters) > start + PAGE_SIZE else None
    return page.answer(
        "story", "history", "Story",
        chapters=[_told(page, *each) for each in shown],
        changes=len(chapters) - 1,
        first=chapters[-1] if chapters else None,
        older_url=page.url("history", before=str(older[0].version)) if older else "",
        newest_url=page.url("history") if start else "",
    )  # fmt: skip


Chapter = tuple[ParameterSet, LivePeriod | None, LivePeriod | None]


def _chapters(page: StrategyPage) -> list[Chapter]:
    """Each set with the period in which it was live and the one before it, newest first; sets
    that never were live come last: what was live in their place became known later."""
    periods = list(
        LivePeriod.objects.filter(instance=page.instance)
        .select_related("parameter_set__author")
        .order_by("-live_from")
    )
    told: list[Chapter] = [
        (period.parameter_set, period, before) for period, before in pairwise([*periods, None])
    ]
    lived = {period.parameter_set_id for period in periods}
    idle = page.instance.parameter_sets.select_related("author").exclude(pk__in=lived)
    return told + [(made, None, None) for made in idle.order_by("-version")]


def _start(chapters: list[Chapter], before: str) -> int:
    """Where the page begins that follows the change to version ``before``."""
    for at, chapter in enumerate(chapters):
        if str(chapter[0].version) == before:
            return at + 1
    return 0


def _told(
    page: StrategyPage, made: ParameterSet, period: LivePeriod | None, before: LivePeriod | None
) -> dict[str, Any]:
    found = differences(before.parameter_set.values, made.values, page.rules) if before else []
    return {
        "made": made,
        "live": page.live is not None and page.live.parameter_set_id == made.pk,
        "live_from": period.live_from if period else None,
        "who": made.author.get_username() if made.author else "",
        "origin": made.get_origin_display(),
        "before": before.parameter_set if before else None,
        "changes": found[:FOLDED],
        "more": found[FOLDED:],
        "rollback_url": page.url("rollback", made.version),
    }

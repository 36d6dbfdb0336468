"""What the first page says about the product itself, above what it says about trading."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from analytics.jobs import status
from analytics.models import JobLine
from trading import clock
from trading.admin import dashboard as trading


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The first page of trading, with what is wrong here. Told by the web process, so that it is
    seen when the worker is what is wrong."""
    context = trading.dashboard(request, context)
    may_see = request.user.has_perm("analytics.view_jobline")
    return {**context, "troubles": troubles() if may_see else []}


def troubles() -> list[dict[str, str]]:
    """Sentences, each with where to look. Nothing where no worker was ever to run."""
    if clock.simulated() or not JobLine.objects.exists():
        return []
    page = reverse("admin:analytics_jobline_changelist")
    silent = status.workers()["short"]["silent_seconds"]
    if silent is None or silent > status.SILENT.total_seconds():
        return [{"text": "The worker is not running, so nothing is watched or done", "url": page}]
    late = status.late()
    if not late:
        return []
    what = "1 job is late" if len(late) == 1 else f"{len(late)} jobs are late"
    return [{"text": f"{what}: {', '.join(late)}", "url": page}]

"""What the first page says about the product itself, above what it says about trading."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from analytics.admin.alerts import rows
from analytics.jobs import status
from analytics.models import Alert, JobLine, Message, Report
from analytics.monitoring.alerts.base import ORDER
from analytics.reports import from_json, recommendations_from_json, text
from trading import clock
from trading.admin.dashboard import page as trading

ALERTS_SHOWN = 5


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The first page of trading, with what is wrong here. Told by the web process, so that it is
    seen when the worker is what is wrong."""
    context = trading.dashboard(request, context)
    may_see = request.user.has_perm("analytics.view_jobline")
    return {
        **context,
        "troubles": troubles() if may_see else [],
        "alerts": alerts() if request.user.has_perm("analytics.view_alert") else None,
        "report": report(context.get("bot"))
        if request.user.has_perm("analytics.view_report")
        else None,
    }


def report(bot: Any) -> dict[str, Any] | None:
    """The head of the newest daily report of the bot that is shown; None before there is one."""
    found = Report.objects.filter(bot=bot, kind=Report.Kind.DAY).first() if bot else None
    if found is None:
        return None
    data = from_json(found.data)
    return {
        "title": text.title(data),
        "head": data.head,
        "first": text.first(recommendations_from_json(found.recommendations)),
        "url": reverse("admin:analytics_report_change", args=[found.pk]),
    }


def alerts() -> dict[str, Any] | None:
    """The open alerts, the most severe first; None where there is none."""
    found = list(Alert.objects.filter(state=Alert.State.OPEN).select_related("bot", "instance"))
    if not found:
        return None
    found.sort(key=lambda one: (-ORDER.index(one.severity), -one.opened_at.timestamp()))
    page = reverse("admin:analytics_alert_changelist")
    return {
        "count": len(found),
        "rows": [rows.card(one) for one in found[:ALERTS_SHOWN]],
        "more": len(found) > ALERTS_SHOWN,
        "url": f"{page}?state__exact=open",
    }


def troubles() -> list[dict[str, str]]:
    """Sentences, each with where to look. Nothing where no worker was ever to run."""
    if clock.simulated() or not JobLine.objects.exists():
        return []
    page = reverse("admin:analytics_jobline_changelist")
    silent = status.workers()["short"]["silent_seconds"]
    if silent is None or silent > status.SILENT.total_seconds():
        stopped = "The worker is not running, so nothing is watched or done"
        return [{"text": stopped, "url": page, "where": "See the jobs"}]
    return [*_lost(), *_late(page)]


def _lost() -> list[dict[str, str]]:
    """Messages that nobody took for a day: whoever waits to be told does not know."""
    since = clock.now() - timedelta(days=7)
    lost = Message.objects.filter(state=Message.State.FAILED, created_at__gte=since)
    count = lost.filter(notices__isnull=False).distinct().count()  # a failed test was told at once
    if not count:
        return []
    what = "1 message was" if count == 1 else f"{count} messages were"
    page = reverse("admin:analytics_message_changelist")
    return [
        {
            "text": f"{what} not delivered",
            "url": f"{page}?state__exact=failed",
            "where": "See which",
        }
    ]


def _late(page: str) -> list[dict[str, str]]:
    late = status.late()
    if not late:
        return []
    what = "1 job is late" if len(late) == 1 else f"{len(late)} jobs are late"
    return [{"text": f"{what}: {', '.join(late)}", "url": page, "where": "See the jobs"}]
